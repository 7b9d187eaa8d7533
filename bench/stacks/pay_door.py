"""The real door, its wiring and its store: functions/payment_callbacks as it is deployed."""

import importlib.util
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "functions" / "payment_callbacks" / "index.py"
spec = importlib.util.spec_from_file_location("index", FILE)
index = importlib.util.module_from_spec(spec)
spec.loader.exec_module(index)
handler = index.main_handler
