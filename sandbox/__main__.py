"""`python -m sandbox`: start the box, walk the journey once, show the page until Ctrl-C.

Settings: TWINSHORE_PORT (8800) moves everything, TWINSHORE_SANDBOX (.sandbox) is the data's folder,
TWINSHORE_RUN_ONCE=1 ends the box after the journey. Exit code: 0; 1 if a fact of the journey did not hold or a part
did not start; 2 if a port or the folder is taken.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from types import FrameType

from sandbox.box import Box, FolderTaken, folder_from_environment
from sandbox.cell_host import CellFailed
from sandbox.journeys import Journeys
from sandbox.page_server import PageServer
from sandbox.ports import PortTaken, base_port
from sandbox.sea import Sea
from sandbox.story import STEPS, renew_session
from sandbox.story_cross import BOX, CROSSING
from sandbox.terminal import Terminal, language_from
from sandbox.travellers import CROSSER, TRAVELLERS

JOURNEY_FILE, CROSSING_FILE = "journey.json", "crossing.json"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Two clouds in a box.")
    parser.add_argument("--lang", choices=["en", "zh"], default=language_from(dict(os.environ)))
    terminal = Terminal(parser.parse_args(arguments).lang)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if ended.is_set():
            return  # the second Ctrl-C waits like the first
        ended.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    try:
        return run(terminal, ended)
    except KeyboardInterrupt:
        terminal.say(f"\n  {terminal.word('ended')}")
        return 0
    except (PortTaken, FolderTaken) as err:
        terminal.say(str(err))
        return 2
    except CellFailed as err:
        terminal.say(str(err))
        return 1


def run(terminal: Terminal, ended: threading.Event) -> int:
    box = Box(folder_from_environment(), base_port(), terminal.say)
    box.start()
    journeys, crossing = _journeys(box)
    page = PageServer(box, journeys, crossing)
    try:
        page.start()
        terminal.show_box(box)
        shores = {traveller.slug: box.declared["cells"][traveller.cell]["shore"] for traveller in TRAVELLERS}
        well = terminal.walk(journeys, shores) and terminal.cross(crossing, Sea(box.folder))
        if os.environ.get("TWINSHORE_RUN_ONCE") == "1":
            return 0 if well else 1
        terminal.say(f"\n  {terminal.word('open', url=box.page_url)}")
        terminal.say(f"  {terminal.word('end', folder=os.path.relpath(box.folder))}\n")
        ended.wait()
        return 0 if well else 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        page.stop()
        box.end()


def _journeys(box: Box) -> tuple[Journeys, Journeys]:
    """Everybody's, and the one that crosses the sea."""
    cells, twins = box.listing()["cells"], box.listing()["twins"]
    everybody = Journeys(box.folder / JOURNEY_FILE, TRAVELLERS, STEPS, cells, twins, renew_session)
    with_desk = {**twins, BOX: box.page_url}
    return everybody, Journeys(box.folder / CROSSING_FILE, (CROSSER,), CROSSING, cells, with_desk, renew_session)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
