"""A till on a real HTTP server: takes an order once a key, and answers as a test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Till(ThreadingHTTPServer):
    """Started by ``running_till``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.requests: list[tuple[str, str, str, Any]] = []
        """Method, path, key and body, in order of arrival."""
        self.orders: dict[str, Any] = {}
        """Taken orders by key."""
        self.answers: list[tuple[int, dict[str, str]]] = []
        """Status and headers for the next requests; 201 when there are none left."""
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        till = self.server
        assert isinstance(till, Till)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        key = str(self.headers["Idempotency-Key"])
        with till.lock:
            till.requests.append((self.command, self.path, key, body))
            status, headers = till.answers.pop(0) if till.answers else (201, {})
            if 200 <= status < 300:
                till.orders.setdefault(key, body)
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is http.server's)
        """Say nothing."""


@contextmanager
def running_till() -> Iterator[Till]:
    """A till on a free port."""
    till = Till()
    thread = threading.Thread(target=till.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield till
    finally:
        till.shutdown()
        till.server_close()
        thread.join()
