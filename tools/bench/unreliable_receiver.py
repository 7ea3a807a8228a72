"""A receiver of orders on loopback that now and then is away, breaks off, or refuses.

It keeps no bodies: only how many requests it has answered in which way, and by how many keys orders came in.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final

ANSWERS: Final = {201: 0.7, 503: 0.15, 0: 0.1, 422: 0.05}
"""How often a request is answered how; 0 breaks the connection off."""


class UnreliableReceiver:
    """An HTTP server on a free port; used as a context, which stops it."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (a script's dice, no secret)
        self._lock = threading.Lock()
        self.answered: Counter[int] = Counter()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = receiver.next_answer()
                self.close_connection = True
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)

    @property
    def url(self) -> str:
        """Where orders are posted."""
        return f"http://127.0.0.1:{self._server.server_port}/orders"

    def next_answer(self) -> int:
        """Throw the dice and count."""
        with self._lock:
            status = self._chance.choices([*ANSWERS], weights=[*ANSWERS.values()])[0]
            self.answered[status] += 1
            return status

    def __enter__(self) -> UnreliableReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
