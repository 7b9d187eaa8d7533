from __future__ import annotations

from tests.support.vectors import SHARED

collect_ignore = [] if SHARED.is_dir() else ["test_shared_vectors.py"]
