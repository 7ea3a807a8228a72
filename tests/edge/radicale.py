"""A real CalDAV server on loopback, started and stopped by a test."""

from __future__ import annotations

import contextlib
import logging
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest

if TYPE_CHECKING:
    from caldav.davclient import DAVClient

USER = "atrium-panel"
PASSWORD = "open sesame"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarServer:
    """Where it listens and where it keeps its files."""

    url: str
    folder: Path

    def new_calendar(self, name: str) -> str:
        """Make a collection and give its address."""
        url = f"{self.url}{USER}/{name}/"
        with self.client() as client:
            assert client.mkcalendar(url).status == 201
        return url

    def put(self, url: str, text: str) -> None:
        """Store an event, as another client would."""
        with self.client() as client:
            headers = {"Content-Type": "text/calendar; charset=utf-8"}
            assert client.put(url, text, headers).status in (201, 204)

    def get(self, url: str) -> str:
        """The text of an event, as another client would see it."""
        with self.client() as client:
            return str(client.request(url).raw)

    def client(self) -> DAVClient:
        """Somebody else's client."""
        from caldav.davclient import DAVClient

        return DAVClient(
            url=self.url,
            username=USER,
            password=PASSWORD,
            auth_type="basic",
            enable_rfc6764=False,
            require_tls=False,
        )


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = False


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        pass


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[CalendarServer]:
    """Run Radicale with password authentication on a free port of 127.0.0.1."""
    pytest.importorskip("radicale", reason="Radicale is not installed")
    from radicale import config
    from radicale.app import Application

    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    passwords = folder / "passwords"
    passwords.write_text(f"{USER}:{PASSWORD}\n")
    settings = config.load()
    settings.update(
        {
            "auth": {
                "type": "htpasswd",
                "htpasswd_filename": str(passwords),
                "htpasswd_encryption": "plain",
                "delay": "0",
            },
            "storage": {"filesystem_folder": str(folder / "collections")},
        },
        "test",
        privileged=True,
    )
    server = _Server(("127.0.0.1", 0), _QuietHandler)
    server.set_app(Application(settings))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield CalendarServer(url=f"http://127.0.0.1:{server.server_port}/", folder=folder)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
