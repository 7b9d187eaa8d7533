"""`make build`: both clouds' artefacts under build/, their sizes in docs/packages.md, their digests in build/digests.txt.

Ends with 1 if anything is larger than its limit.
"""

from __future__ import annotations

import sys

from infra.build.sizes import breaches, page, sizes
from infra.build.staging import stage
from infra.build.targets import ALL_TARGETS, ROOT

TITLE = """# Packages

What `make build` made, cloud by cloud; it writes this page. The limits stand in infra/build/targets.py and end the build
when they are passed. The zips are the same bytes whenever they are built from the same commit with the same Pythons:
compare build/digests.txt.

"""


def main() -> int:
    build = ROOT / "build"
    pages, digests, broken = [], [], []
    for target in ALL_TARGETS:
        print(f"twinshore: building {target.name}", flush=True)
        python = stage(target, build)
        found = sizes(build / target.name)
        broken += breaches(target, found)
        pages.append(page(target, build / target.name, found, python))
        digests += [f"{size.sha256}  {target.name}/zips/{size.name}.zip" for size in found]
        if not python:
            print(f"twinshore: NO PYTHON {target.version} HERE: {target.name} is without bytecode, slower to start", flush=True)
    text = TITLE + "\n".join(pages)
    (ROOT / "docs" / "packages.md").write_text(text, encoding="utf-8")
    (build / "digests.txt").write_text("\n".join(digests) + "\n", encoding="utf-8")
    print(text.split("\n", 5)[-1])
    for line in broken:
        print(f"twinshore: too large: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
