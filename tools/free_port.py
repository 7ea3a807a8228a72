"""A port of this machine that nobody uses at the moment."""

from __future__ import annotations

import socket


def free_port() -> int:
    """One that a server may take, if it is quick."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
