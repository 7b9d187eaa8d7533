"""The layer of third-party packages: the locked wheels of the cloud's own Python and C library, less what no door reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from infra.build.targets import ROOT, Target

UV = Path(sys.executable).parent / "uv"

# Data of packages that no function of ours asks for; the names are the packages' own.
# phonenumbers: E.164 and the region only (its geocoder alone loads for 4 s).
UNREAD = ("phonenumbers/geodata", "phonenumbers/carrierdata", "phonenumbers/tzdata", "babel/messages", "bin")
LANGUAGES = ("root", "en", "zh", "de", "fr", "es", "pt", "ja", "ko", "id", "ms", "th", "vi", "ar", "it")
"""Locales of Babel that stay, with those of their countries: the languages of infra/cells.toml are among them."""


def install(target: Target, into: Path) -> None:
    """Raises CalledProcessError: uv has said why (no such wheel, a hash that differs)."""
    lock = ROOT / "layers" / "deps" / target.cloud / "requirements.txt"
    command = [str(UV), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(into)]
    command += ["--python-version", target.version, "--python-platform", target.platform, "--only-binary", ":all:"]
    subprocess.run([*command, "--require-hashes", "--no-deps", "--requirement", str(lock)], check=True, cwd=ROOT)
    _prune(into)


def _prune(folder: Path) -> None:
    for name in UNREAD:
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("babel/locale-data/*.dat"):
        if path.stem.split("_")[0] not in LANGUAGES:
            path.unlink()
    for path in [*folder.rglob("*.pyi"), *folder.rglob("*.c"), *folder.rglob("*.h")]:
        path.unlink()
    # What an installer notes for itself differs from one machine to the next; licences and names stay.
    for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"):
        for path in folder.glob(f"*.dist-info/{name}"):
            path.unlink()
    (folder / ".lock").unlink(missing_ok=True)
