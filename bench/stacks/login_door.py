"""The real login door, with its store: WeChat is asked, a person joins, a session is kept."""

import importlib.util
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "functions" / "login" / "index.py"
spec = importlib.util.spec_from_file_location("index", FILE)
index = importlib.util.module_from_spec(spec)
spec.loader.exec_module(index)
handler = index.main_handler
