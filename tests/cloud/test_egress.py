from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nearfield_cloud.egress import EgressRules, FetchGuard, FetchLimits
from nearfield_cloud.errors import DestinationRefusedError, FetchFailedError

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def names(table: Mapping[str, Sequence[str]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A name service that knows the table alone."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in table:
            raise OSError("no such name")
        return table[host]

    return resolve


def guard_for(
    address: str | Sequence[str],
    *,
    hosts: Sequence[str] = ("docs.example",),
    schemes: Sequence[str] = ("https",),
) -> FetchGuard:
    addresses = [address] if isinstance(address, str) else address
    table = {"docs.example": addresses, "other.example": addresses, "169.254.169.254": ["169.254.169.254"]}
    return FetchGuard(EgressRules(hosts=frozenset(hosts), schemes=frozenset(schemes)), resolve=names(table))


@asynccontextmanager
async def server(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A real server on loopback that answers each request by a function of its head."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with running:
        yield running.sockets[0].getsockname()[1]


def local_guard(port: int, **table: str) -> FetchGuard:
    """Everything in the table leads to loopback, which is an allowed network here."""
    known = {name.replace("_", "."): [address] for name, address in table.items()}
    hosts = frozenset(f"{name}:{port}" for name in known)
    rules = EgressRules(hosts=hosts, schemes=frozenset({"http"}), networks=LOOPBACK)
    return FetchGuard(rules, resolve=names(known))


async def say_hello(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",  # noqa: S104
        "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        "2001:db8::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
async def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(DestinationRefusedError, match="no public address"):
        await guard_for(address).destination("https://docs.example/page")


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
)
async def test_a_public_address_is_given_with_its_host(address: str) -> None:
    found = await guard_for(address).destination("https://docs.example/page")
    assert (found.host, found.port, found.addresses) == ("docs.example", 443, (address,))


async def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    with pytest.raises(DestinationRefusedError):
        await guard_for(["93.184.216.34", "10.0.0.1"]).destination("https://docs.example/")


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/", "https://docs.example.evil.example/", "https://docs.example:8443/",
        "http://docs.example/", "file:///etc/passwd", "gopher://docs.example/", "https://user:word@docs.example/",
        "https:///nothing", "https://xdocs.example/", "docs.example/page", "https://169.254.169.254/latest",
        "https://2852039166/latest", "https://docs.example:99999/", "https://\x00/",
    ],
)  # fmt: skip
async def test_what_is_not_on_the_list_is_refused(url: str) -> None:
    with pytest.raises(DestinationRefusedError):
        await guard_for("93.184.216.34").destination(url)


@pytest.mark.parametrize(
    ("hosts", "url", "allowed"),
    [
        (["*.example"], "https://docs.example/", True),
        (["*.docs.example"], "https://docs.example/", False),
        (["docs.example:8443"], "https://docs.example:8443/", True),
        (["docs.example:8443"], "https://docs.example/", False),
        (["*.example:8443"], "https://docs.example:8443/", True),
        (["docs.example"], "https://DOCS.example./", True),
        (["*"], "https://docs.example/", False),
    ],
)
async def test_hosts_are_allowed_by_name_wildcard_and_port(hosts: list[str], url: str, allowed: bool) -> None:
    guard = guard_for("93.184.216.34", hosts=hosts)
    if allowed:
        assert (await guard.destination(url)).host == "docs.example"
    else:
        with pytest.raises(DestinationRefusedError):
            await guard.destination(url)


async def test_an_address_that_is_a_number_must_be_public_even_if_listed() -> None:
    with pytest.raises(DestinationRefusedError, match="no public address"):
        await guard_for("1.1.1.1", hosts=["169.254.169.254"]).destination("https://169.254.169.254/")


async def test_an_unknown_name_is_a_failed_fetch() -> None:
    guard = FetchGuard(EgressRules(hosts=frozenset({"gone.example"})), resolve=names({}))
    with pytest.raises(FetchFailedError, match="unknown"):
        await guard.destination("https://gone.example/")


async def test_the_connection_goes_to_the_judged_address_and_asks_for_the_name() -> None:
    heads = []

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        await say_hello(head, writer)

    async with server(answer) as port:
        guard = local_guard(port, docs_example="127.0.0.1")
        found = await guard.fetch(f"http://docs.example:{port}/page", headers={"authorization": "secret"})
    assert (found.status, found.body) == (200, b"hello")
    assert f"host: docs.example:{port}".encode() in heads[0].lower()
    assert b"authorization: secret" in heads[0].lower()


async def test_a_name_is_resolved_once_for_a_connection() -> None:
    asked = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    async with server(say_hello) as port:
        rules = EgressRules(
            hosts=frozenset({f"docs.example:{port}"}), schemes=frozenset({"http"}), networks=LOOPBACK
        )
        await FetchGuard(rules, resolve=resolve).fetch(f"http://docs.example:{port}/")
    assert asked == ["docs.example"]


async def test_the_next_address_is_tried_where_the_first_does_not_answer() -> None:
    async with server(say_hello) as port:
        rules = EgressRules(
            hosts=frozenset({f"docs.example:{port}"}), schemes=frozenset({"http"}), networks=LOOPBACK
        )
        guard = FetchGuard(rules, resolve=names({"docs.example": ["127.0.0.77", "127.0.0.1"]}))
        assert (await guard.fetch(f"http://docs.example:{port}/")).body == b"hello"


async def test_a_redirect_to_where_nothing_may_go_is_refused() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"
        )

    async with server(answer) as port:
        with pytest.raises(DestinationRefusedError):
            await local_guard(port, docs_example="127.0.0.1").fetch(f"http://docs.example:{port}/")


async def test_a_redirect_is_followed_without_the_credentials_of_the_first_host() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head.lower())
        if b"host: docs" in head.lower():
            target = f"http://other.example:{port}/there".encode()
            writer.write(b"HTTP/1.1 307 Moved\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n")
        else:
            await say_hello(head, writer)

    async with server(answer) as port:
        guard = local_guard(port, docs_example="127.0.0.1", other_example="127.0.0.1")
        found = await guard.fetch(f"http://docs.example:{port}/", headers={"Authorization": "secret"})
    assert found.url == f"http://other.example:{port}/there"
    assert b"secret" in heads[0]
    assert b"secret" not in heads[1]


async def test_redirects_in_a_circle_end() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")

    async with server(answer) as port:
        with pytest.raises(FetchFailedError, match="redirects"):
            await local_guard(port, docs_example="127.0.0.1").fetch(f"http://docs.example:{port}/")


@pytest.mark.parametrize("announced", [b"Content-Length: 3000\r\n", b""])
async def test_an_answer_that_is_too_large_is_not_read(announced: bytes) -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + announced + b"Connection: close\r\n\r\n" + b"x" * 3000)

    async with server(answer) as port:
        guard = local_guard(port, docs_example="127.0.0.1")
        with pytest.raises(FetchFailedError, match="larger"):
            await guard.fetch(f"http://docs.example:{port}/", limits=FetchLimits(largest_bytes=2999))


async def test_an_answer_that_drips_ends_at_the_total_time() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        await writer.drain()
        await asyncio.wait_for(asyncio.Event().wait(), 5)

    async with server(answer) as port:
        guard = local_guard(port, docs_example="127.0.0.1")
        with pytest.raises(FetchFailedError, match="no answer within"):
            await guard.fetch(f"http://docs.example:{port}/", limits=FetchLimits(total_seconds=0.2))


async def test_a_compressed_answer_is_refused_by_name() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx")

    async with server(answer) as port:
        with pytest.raises(FetchFailedError, match="gzip"):
            await local_guard(port, docs_example="127.0.0.1").fetch(f"http://docs.example:{port}/")


async def test_bytes_that_are_no_http_are_a_failed_fetch() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x01\x02 nonsense\r\n\r\n")

    async with server(answer) as port:
        with pytest.raises(FetchFailedError, match="could not be fetched"):
            await local_guard(port, docs_example="127.0.0.1").fetch(f"http://docs.example:{port}/")


async def test_a_client_of_ones_own_is_guarded_by_the_transport() -> None:
    async with httpx.AsyncClient(transport=guard_for("127.0.0.1").transport(), trust_env=False) as client:
        with pytest.raises(DestinationRefusedError):
            await client.get("https://docs.example/")


def certificate_for(name: str, folder: Path) -> tuple[Path, Path]:
    """A certificate that its own key signed, and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*pem))
    return certificate, secret


@pytest.mark.parametrize(("certified", "trusted"), [("docs.example", True), ("other.example", False)])
async def test_tls_is_verified_for_the_name_although_the_address_is_called(
    tmp_path: Path, certified: str, trusted: bool
) -> None:
    certificate, key = certificate_for(certified, tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with server(say_hello, serving) as port:
        rules = EgressRules(hosts=frozenset({f"docs.example:{port}"}), networks=LOOPBACK)
        guard = FetchGuard(rules, resolve=names({"docs.example": ["127.0.0.1"]}), tls=trusting)
        if trusted:
            assert (await guard.fetch(f"https://docs.example:{port}/")).body == b"hello"
        else:
            with pytest.raises(FetchFailedError, match="certificate"):
                await guard.fetch(f"https://docs.example:{port}/")
