"""How a small server of the box stops: now."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from socketserver import TCPServer


def end(server: TCPServer) -> None:
    """Stop serving, and close. `shutdown` alone waits until the loop looks up, half a hundred milliseconds each time;
    a knock makes it look up."""
    ending = threading.Thread(target=server.shutdown)
    ending.start()
    while ending.is_alive():
        with suppress(OSError), socket.create_connection(server.server_address[:2], timeout=1):  # type: ignore[arg-type]
            pass
        ending.join(0.005)
    server.server_close()
