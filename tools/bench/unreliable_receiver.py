"""A receiver of orders on loopback that now and then is away, breaks off, or refuses.

It keeps no bodies: only how many requests it has answered in which way.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final

ANSWERS: Final = {201: 0.7, 503: 0.15, 0: 0.1, 422: 0.05}
"""How often a request is answered how; 0 breaks the connection off."""


def answers(seed: int) -> Iterator[int]:
    """Statuses without end."""
    chance = random.Random(seed)  # noqa: S311 (a script's dice, no secret)
    while True:
        yield chance.choices([*ANSWERS], weights=[*ANSWERS.values()])[0]


class UnreliableReceiver:
    """An HTTP server on a free port while it is used as a context."""

    def __init__(self, seed: int) -> None:
        self._answers = answers(seed)
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.answered: Counter[int] = Counter()

    @property
    def url(self) -> str:
        """Where orders are posted."""
        if self._server is None:
            raise RuntimeError("the receiver has no address before its context is entered")
        return f"http://127.0.0.1:{self._server.server_port}/orders"

    def _next(self) -> int:
        with self._lock:
            status = next(self._answers)
            self.answered[status] += 1
            return status

    def __enter__(self) -> UnreliableReceiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = receiver._next()
                self.close_connection = True
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
