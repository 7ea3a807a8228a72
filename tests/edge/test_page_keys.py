"""The page's token and certificate: how they are made, kept and renewed, and TLS with them."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nearfield_edge.errors import PageError
from nearfield_edge.page.certificate import (
    LIFETIME,
    CertificateFiles,
    ensure_certificate,
    own_certificate,
    read_certificate,
)
from nearfield_edge.page.token import ensure_token
from tests.edge.pages import served

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def made(folder: Path, now: datetime = NOW, *names: str) -> CertificateFiles:
    files = own_certificate(folder)
    ensure_certificate(files, names=names or ("localhost", "127.0.0.1"), addresses=("192.168.1.5",), now=now)
    return files


def test_a_token_is_made_once_and_is_its_owner_s_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "page.token"
    token = ensure_token(path, ours=True)
    assert ensure_token(path, ours=True) == token
    assert len(token) >= 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["page.token"]


def test_a_token_that_others_may_read_is_refused_where_it_is_ours(tmp_path: Path) -> None:
    path = tmp_path / "page.token"
    path.write_text("the-token-of-a-test-0123456789\nand a comment\n")
    path.chmod(0o640)
    with pytest.raises(PageError, match="may be read or written by others"):
        ensure_token(path, ours=True)
    assert ensure_token(path, ours=False) == "the-token-of-a-test-0123456789"


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 40])
def test_a_token_that_protects_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.token"
    path.write_bytes(content)
    with pytest.raises(PageError, match=r"page\.token"):
        ensure_token(path, ours=False)
    with pytest.raises(PageError, match="cannot be read"):
        ensure_token(tmp_path / "absent", ours=False)


def test_a_certificate_holds_names_and_addresses_and_its_key_is_its_owner_s_only(tmp_path: Path) -> None:
    files = made(tmp_path)
    facts = read_certificate(files.certificate)
    assert facts.names == ("localhost", "127.0.0.1", "192.168.1.5")
    assert facts.expires == NOW + LIFETIME
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600


def test_a_certificate_stays_until_shortly_before_its_end(tmp_path: Path) -> None:
    first = read_certificate(made(tmp_path).certificate).fingerprint
    assert read_certificate(made(tmp_path, NOW + timedelta(days=700)).certificate).fingerprint == first
    later = read_certificate(made(tmp_path, NOW + LIFETIME - timedelta(days=29)).certificate)
    assert later.fingerprint != first
    assert later.expires > NOW + LIFETIME


def test_a_certificate_that_lacks_a_configured_name_is_made_anew(tmp_path: Path) -> None:
    made(tmp_path)
    assert "reception.example" in read_certificate(made(tmp_path, NOW, "reception.example").certificate).names


def test_a_certificate_made_before_the_clock_was_set_is_good_once_it_is(tmp_path: Path) -> None:
    facts = read_certificate(made(tmp_path, datetime(1970, 1, 1, tzinfo=UTC)).certificate)
    assert facts.expires > datetime(2027, 1, 1, tzinfo=UTC)


def test_a_certificate_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "page.pem"
    path.write_text("nothing")
    with pytest.raises(PageError, match=r"certificate .* cannot be read"):
        read_certificate(path)


@pytest.mark.server
async def test_over_tls_a_browser_that_trusts_the_certificate_gets_in(tmp_path: Path) -> None:
    async with served(tmp_path, page={"tls": "on"}) as it:
        assert it.access.tls is not None
        assert it.access.link.startswith(f"https://127.0.0.1:{it.access.address.port}/#token=")
        it.trust = ssl.create_default_context(cafile=it.access.tls.certificate)
        await it.sign_in()
        async with it.http() as client:
            page = await client.get("/")
            assert "wss://127.0.0.1" in page.headers["content-security-policy"]
            signed_in = await client.post("/api/session", json={"token": it.access.token})
            assert "secure" in signed_in.headers["set-cookie"].lower()
        async with it.page() as page_of_events:
            await page_of_events.ask(type="text", text="a large latte please")
            await page_of_events.until("turn")


@pytest.mark.server
async def test_the_fingerprint_that_is_told_is_the_one_that_is_served(tmp_path: Path) -> None:
    async with served(tmp_path, page={"tls": "on"}) as it:
        address = ("127.0.0.1", it.access.address.port)
        pem = await asyncio.to_thread(ssl.get_server_certificate, address)
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        assert it.access.fingerprint == ":".join(digest[at : at + 2] for at in range(0, 64, 2))


@pytest.mark.server
async def test_a_browser_that_does_not_trust_the_certificate_is_told_so(tmp_path: Path) -> None:
    async with served(tmp_path, page={"tls": "on"}) as it:
        it.trust = ssl.create_default_context()
        with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
            await it.sign_in()


@pytest.mark.server
async def test_a_certificate_without_its_key_is_a_sentence(tmp_path: Path) -> None:
    files, other = made(tmp_path / "one"), made(tmp_path / "other")
    mixed = {"tls": "on", "certificate": str(files.certificate), "key": str(other.key)}
    with pytest.raises(PageError, match="cannot be used"):
        async with served(tmp_path, page=mixed):
            pass
