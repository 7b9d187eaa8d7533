"""A browser and a Chinese font for the test that looks at the box's page. They are system packages: root installs them.

Without root it says what to install and leaves it at that: the browser test then skips, except in CI, where it fails.
"""

import os
import shutil
import subprocess
import sys

PACKAGES = ["chromium", "fonts-wqy-microhei"]
APT_SECONDS = 900


def has_browser():
    return any(map(shutil.which, ["chromium", "chromium-browser", "google-chrome"]))


def has_chinese_font():
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, timeout=60, check=False).stdout.strip())


if has_browser() and has_chinese_font():
    sys.exit(0)

if os.geteuid() == 0 and shutil.which("apt-get"):
    print("twinshore: installing", *PACKAGES, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        apt = ["apt-get", "-qq", *command]
        subprocess.run(apt, env=quiet, stdout=subprocess.DEVNULL, timeout=APT_SECONDS, check=False)
    if has_browser() and has_chinese_font():
        sys.exit(0)

print("twinshore: the browser test needs Chromium and a Chinese font: apt-get install", *PACKAGES, flush=True)
sys.exit(1 if os.environ.get("CI") == "true" else 0)
