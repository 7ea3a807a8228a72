"""A real TLS server on loopback that cuts, refuses and alters what it serves."""

from __future__ import annotations

import datetime as dt
import http.server
import ipaddress
import os
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nearfield_models.errors import DigestMismatchError, FetchError
from nearfield_models.fetching.fetch import fetch_packs
from tests.models.small_packs import DEVELOPMENT, Site, sha256

CONTENT = os.urandom(300_000)
pytestmark = pytest.mark.server


class Shelf(http.server.ThreadingHTTPServer):
    """Serves one file; ``script`` says for each request in turn what goes wrong with it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content = CONTENT
        self.script: list[str] = []
        self.ranges: list[str | None] = []


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        fault = self.server.script.pop(0) if self.server.script else "none"
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and fault != "no-ranges" else 0
        body = self.server.content[start:]
        if fault.isdigit():
            return self._head(int(fault), 0)
        if fault.startswith("to "):
            return self._head(302, 0, Location=fault.removeprefix("to "))
        if start:
            total = len(self.server.content)
            self._head(206, len(body), **{"Content-Range": f"bytes {start}-{total - 1}/{total}"})
        else:
            self._head(200, len(body))
        self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        return None

    def _head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 (the base class's name)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = _certificate(tmp_path / "server.pem")
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Shelf()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def site(tmp_path: Path, shelf: Shelf) -> Site:
    site = Site(tmp_path / "site")
    url = f"https://127.0.0.1:{shelf.server_address[1]}/a.bin"
    site.add_pack("small", {"a.bin": CONTENT}, sources={"a.bin": [{"kind": "https", "url": url}]})
    return site


def _fetch(site: Site) -> list[float]:
    pauses: list[float] = []
    fetch_packs(site.store, ["small"], DEVELOPMENT, sleep=pauses.append)
    assert site.store.installed("small").file("a.bin").read_bytes() == CONTENT
    return pauses


def test_a_file_comes_over_tls(site: Site) -> None:
    assert _fetch(site) == []
    assert site.left_over() == ["a.bin"]


def test_a_transfer_that_breaks_off_is_resumed_where_it_broke(site: Site, shelf: Shelf) -> None:
    shelf.script = ["cut"]
    assert _fetch(site) == [0.5]
    assert shelf.ranges[0] is None
    resumed = shelf.ranges[1]
    assert resumed is not None
    assert 0 < int(resumed.removeprefix("bytes=").removesuffix("-")) <= 150_000


def test_a_server_without_ranges_is_asked_for_the_whole_again(site: Site, shelf: Shelf) -> None:
    shelf.script = ["cut", "no-ranges"]
    _fetch(site)


def test_a_busy_server_is_asked_again_after_growing_pauses(site: Site, shelf: Shelf) -> None:
    shelf.script = ["503", "429", "500"]
    assert _fetch(site) == [0.5, 1.0, 2.0]


def test_a_later_fetch_goes_on_where_an_earlier_one_gave_up(site: Site, shelf: Shelf) -> None:
    shelf.script = ["cut", "503", "503", "503", "503"]
    with pytest.raises(FetchError, match=r"failed 5 times: it answered 503"):
        _fetch(site)
    assert site.left_over() == [f"{sha256(CONTENT)}.part"]
    _fetch(site)
    assert shelf.ranges[-1] is not None


def test_a_file_that_is_not_there_is_not_asked_for_again(site: Site, shelf: Shelf) -> None:
    shelf.script = ["404"]
    with pytest.raises(FetchError, match="answered 404 Not Found"):
        _fetch(site)
    assert len(shelf.ranges) == 1


def test_other_bytes_are_refused_and_nothing_is_left(site: Site, shelf: Shelf) -> None:
    shelf.content = CONTENT[:-1] + b"!"
    with pytest.raises(DigestMismatchError, match=sha256(CONTENT)):
        _fetch(site)
    assert site.left_over() == []


def test_more_bytes_than_announced_are_refused_and_nothing_is_left(site: Site, shelf: Shelf) -> None:
    shelf.content = CONTENT + b"!"
    with pytest.raises(DigestMismatchError, match="longer than the 300000 bytes"):
        _fetch(site)
    assert site.left_over() == []


def test_half_of_an_older_file_is_given_up_for_the_whole_of_the_new(site: Site, shelf: Shelf) -> None:
    part = site.store.folder / ".partial" / f"{sha256(CONTENT)}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\0" * 1000)
    _fetch(site)
    assert shelf.ranges == ["bytes=1000-", None]


def test_a_redirection_to_plain_http_is_refused(site: Site, shelf: Shelf) -> None:
    shelf.script = ["to http://127.0.0.1:9/a.bin"]
    with pytest.raises(FetchError, match="which is not https: refused"):
        _fetch(site)


def test_a_server_that_nobody_vouches_for_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(FetchError, match="certificate verify failed"):
        _fetch(site)
