"""Every way in which the link cannot be had has a name, and a sentence that helps."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from nearfield_edge.errors import EgressRefusedError, LinkError
from nearfield_edge.escalation.connecting import LinkState
from nearfield_edge.escalation.failures import of_status, printable, retry_after_seconds
from nearfield_edge.escalation.ice import allowed_candidates, ice_server, reachable
from nearfield_edge.escalation.tokens import CertificateTokens, KeyFileTokens
from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.issuer.issuer import Issuer, IssuerFiles, open_issuer, write_device_files
from nearfield_sync.clock import SystemClock
from tests.edge.cloud_process import CloudProcess, Wiring, running, running_cloud
from tests.edge.server_certificates import DAY, ServerAuthority

pytestmark = pytest.mark.server

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BEFORE_IT_WAS_SET = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[CloudProcess]:
    with running_cloud() as cloud:
        yield cloud


@pytest.fixture
async def cloud(shared_cloud: CloudProcess) -> CloudProcess:
    await shared_cloud.control()
    return shared_cloud


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("a-key")
    return path


@pytest.fixture(params=["webrtc", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def lost(wiring: Wiring, transport: str = "websocket") -> LinkState:
    """How the first try ends."""
    async with running(wiring.link(transport)) as link, asyncio.timeout(20):
        return await link.line.until("lost", "warm")


async def test_a_name_that_nobody_knows(key_file: Path, transport: str) -> None:
    state = await lost(Wiring("https://cloud.nowhere.invalid", key_file), transport)
    assert state.code == "dns_failed"
    assert "network" in state.reason


async def test_a_port_where_nothing_listens(key_file: Path, transport: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert (await lost(Wiring(f"http://127.0.0.1:{port}", key_file), transport)).code == "connection_refused"


async def test_a_server_that_takes_the_connection_and_says_nothing(key_file: Path, transport: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        wiring = Wiring(f"http://127.0.0.1:{silent.getsockname()[1]}", key_file, connect_seconds=0.5)
        assert (await lost(wiring, transport)).code == "timed_out"


async def test_tls_where_there_is_none(cloud: CloudProcess, key_file: Path, transport: str) -> None:
    wiring = Wiring(cloud.url.replace("http:", "https:"), key_file)
    assert (await lost(wiring, transport)).code == "tls_failed"


@pytest.mark.parametrize(
    ("begins", "ends", "name", "knows_authority", "now", "code"),
    [
        (-DAY, DAY, None, True, None, ""),
        (-DAY, DAY, None, False, None, "certificate_untrusted"),
        (-2 * DAY, -DAY, None, True, None, "certificate_expired"),
        (DAY, 2 * DAY, None, True, None, "certificate_not_yet_valid"),
        (DAY, 2 * DAY, None, True, BEFORE_IT_WAS_SET, "clock_wrong"),
        (-DAY, DAY, x509.DNSName("elsewhere.example"), True, None, "certificate_wrong_name"),
    ],
)
async def test_a_servers_certificate_is_judged_and_the_clock_with_it(
    tmp_path: Path,
    key_file: Path,
    transport: str,
    begins: timedelta,
    ends: timedelta,
    name: x509.GeneralName | None,
    knows_authority: bool,
    now: datetime | None,
    code: str,
) -> None:
    authority = ServerAuthority(tmp_path)
    with running_cloud(authority.server(begins=begins, ends=ends, name=name)) as cloud:
        wiring = Wiring(cloud.url, key_file)
        if knows_authority:
            wiring.ca_file = authority.ca_file
        if now is not None:
            wiring.now = lambda: now
        state = await lost(wiring, transport)
    assert (state.code, state.phase) == (code, "lost" if code else "warm")
    if "clock" in code or "valid" in code or "expired" in code:
        assert "clock says" in state.reason


@pytest.mark.parametrize(
    ("status", "headers", "code", "wait_seconds"),
    [
        (401, {}, "not_known", 0),
        (403, {}, "not_allowed", 0),
        (429, {"Retry-After": "7"}, "too_much", 7),
        (503, {"Retry-After": "2"}, "cloud_failed", 2),
        (500, {}, "cloud_failed", 0),
        (404, {}, "declined", 0),
    ],
)
async def test_a_status_that_declines(
    cloud: CloudProcess,
    key_file: Path,
    transport: str,
    status: int,
    headers: dict[str, str],
    code: str,
    wait_seconds: int,
) -> None:
    await cloud.control(call_status=status, headers=headers)
    state = await lost(Wiring(cloud.url, key_file), transport)
    assert state.code == code
    assert "as_told: the test wants it so" in state.reason
    assert state.wait_ms >= wait_seconds * 1_000


async def test_an_answer_that_is_no_session_description(cloud: CloudProcess, key_file: Path) -> None:
    await cloud.control(bad_sdp=True)
    assert (await lost(Wiring(cloud.url, key_file), "webrtc")).code == "answer_invalid"


async def test_a_site_that_forbids_the_connection_is_asked_before_anything_is_sent(
    cloud: CloudProcess, key_file: Path, transport: str
) -> None:
    before = await cloud.log()
    wiring = Wiring(cloud.url, key_file)
    asked: list[tuple[str, int]] = []

    def refuse(host: str, port: int) -> None:
        asked.append((host, port))
        raise EgressRefusedError("this site is restricted")

    wiring.egress = refuse
    assert (await lost(wiring, transport)).code == "egress_refused"
    assert asked[0] == ("127.0.0.1", cloud.port)
    assert await cloud.log() == before


async def test_no_address_is_tried_that_the_site_forbids(cloud: CloudProcess, key_file: Path) -> None:
    wiring = Wiring(cloud.url, key_file)

    def only_the_cloud(host: str, port: int) -> None:
        if (host, port) != ("127.0.0.1", cloud.port):
            raise EgressRefusedError(f"{host} is not on the list")

    wiring.egress = only_the_cloud
    assert (await lost(wiring, "webrtc")).code == "egress_refused"


async def test_a_key_file_that_is_not_there(cloud: CloudProcess, tmp_path: Path) -> None:
    wiring = Wiring(cloud.url, tmp_path / "nothing")
    state = await lost(wiring)
    assert state.code == "credential_failed"
    with pytest.raises(LinkError, match=r"cloud\.api_key_file"):
        await KeyFileTokens(tmp_path / "nothing").fetch()


class Device:
    """A device with a certificate."""

    def __init__(self, folder: Path, *, made_at: datetime) -> None:
        self.key, self.chain = folder / "device.key", folder / "device.pem"
        issuer: Issuer = open_issuer(IssuerFiles(folder=folder / "issuer"), made_at)
        self.name = DeviceName(tenant="acme", device="kiosk-1")
        write_device_files(*issuer.make_device(self.name, made_at), key_file=self.key, chain_file=self.chain)
        issuer.close()

    def tokens(self, wiring: Wiring, now: Callable[[], datetime]) -> CertificateTokens:
        return CertificateTokens(wiring.requests(), self.key, self.chain, now)


async def test_a_device_buys_its_token_with_its_certificate(
    cloud: CloudProcess, tmp_path: Path, key_file: Path, transport: str
) -> None:
    clock = SystemClock()
    device = Device(tmp_path, made_at=clock.utc_now())
    wiring = Wiring(cloud.url, key_file)
    wiring.tokens = device.tokens(wiring, clock.utc_now)
    assert (await lost(wiring, transport)).phase == "warm"
    log = await cloud.log()
    form = log["tokens"][-1]
    assert form["grant_type"] == "client_credentials"
    assert form["client_id"] == "urn:nearfield:acme:device:kiosk-1"
    certificate = x509.load_pem_x509_certificate(device.chain.read_bytes())
    key = ECKey.import_key(certificate.public_key())  # type: ignore[arg-type]
    registry = JWSRegistry(algorithms=["ES256"])
    registry.max_header_length = 8_192  # the certificates travel in it
    claims = jwt.decode(form["client_assertion"], key, registry=registry).claims
    assert claims["aud"] == f"{cloud.url}/oauth/token"
    assert log["calls"][-1] == f"Bearer token-{len(log['tokens'])}"


@pytest.mark.parametrize(
    ("made_days_ago", "now", "code"),
    [
        (4_000, None, "own_certificate_expired"),
        (-30, None, "own_certificate_not_yet_valid"),
        (0, BEFORE_IT_WAS_SET, "clock_wrong"),
    ],
)
async def test_a_certificate_of_the_device_that_cannot_hold_is_not_shown(
    cloud: CloudProcess, tmp_path: Path, key_file: Path, made_days_ago: int, now: datetime | None, code: str
) -> None:
    before = await cloud.log()
    real = SystemClock().utc_now()
    device = Device(tmp_path, made_at=real - made_days_ago * DAY)
    wiring = Wiring(cloud.url, key_file)
    wiring.tokens = device.tokens(wiring, lambda: now or real)
    state = await lost(wiring)
    assert state.code == code
    assert "clock says" in state.reason
    assert await cloud.log() == before


async def test_a_clock_that_is_off_by_minutes_is_told_from_the_clouds_date(
    cloud: CloudProcess, tmp_path: Path, key_file: Path
) -> None:
    real = SystemClock().utc_now()
    device = Device(tmp_path, made_at=real - DAY)
    wiring = Wiring(cloud.url, key_file)
    wiring.now = lambda: real - timedelta(minutes=10)
    wiring.tokens = device.tokens(wiring, wiring.now)
    await cloud.control(token_status=401)
    state = await lost(wiring)
    assert state.code == "clock_wrong"
    assert "the cloud's" in state.reason
    wiring.now = lambda: SystemClock().utc_now()
    wiring.tokens = device.tokens(wiring, wiring.now)
    assert (await lost(wiring)).code == "not_known"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW) == seconds


@given(
    status=st.integers(300, 999),
    body=st.binary(max_size=200) | st.text(max_size=50).map(lambda text: f'{{"code":"{text}"}}'.encode()),
    headers=st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(max_size=40)),
)
def test_whatever_a_server_answers_becomes_one_named_error(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    error = of_status(status, headers, body, "cloud:443", NOW)
    assert error.code in {
        "clock_wrong", "not_known", "not_allowed", "too_much", "cloud_failed", "declined",
    }  # fmt: skip
    assert str(error).isprintable()
    assert error.retry_after_seconds is None or error.retry_after_seconds >= 0


@given(text=st.text(max_size=1_000))
def test_a_foreign_text_is_one_short_line(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) <= 300


def test_addresses_that_the_site_forbids_are_left_out_of_the_answer() -> None:
    first, second = (f"a=candidate:{n} 1 udp 1 10.0.0.{n} 5000 typ host\r\n" for n in (1, 2))

    def only_one(host: str, port: int) -> None:
        if host != "10.0.0.2":
            raise EgressRefusedError("not on the list")

    assert allowed_candidates(f"v=0\r\n{first}{second}", only_one) == f"v=0\r\n{second}"


class StunServer(asyncio.DatagramProtocol):
    """Answers binding requests, after some that it drops."""

    def __init__(self, *, drops: int) -> None:
        self._drops = drops
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._drops -= 1
        if self._drops < 0 and self._transport is not None:
            self._transport.sendto(data, addr)


async def test_only_servers_that_answer_are_used_and_nobody_is_waited_for() -> None:
    loop = asyncio.get_running_loop()
    silent, _ = await loop.create_datagram_endpoint(
        lambda: StunServer(drops=1_000), local_addr=("127.0.0.1", 0)
    )
    lossy, _ = await loop.create_datagram_endpoint(lambda: StunServer(drops=1), local_addr=("127.0.0.1", 0))
    try:
        ports = [end.get_extra_info("sockname")[1] for end in (silent, lossy)]
        servers = [ice_server(f"stun:127.0.0.1:{port}") for port in ports]
        began = loop.time()
        found = await reachable(servers, lambda host, port: None)
        assert [server.port for server in found] == ports[1:]
        assert loop.time() - began < 3.0  # aiortc alone would wait five seconds

        def refuse(host: str, port: int) -> None:
            raise EgressRefusedError("not on the list")

        assert await reachable(servers, refuse) == ()
    finally:
        silent.close()
        lossy.close()


def test_an_unreadable_authority_is_named(tmp_path: Path, key_file: Path) -> None:
    wiring = Wiring("https://127.0.0.1:1", key_file)
    wiring.ca_file = tmp_path / "nothing.pem"
    with pytest.raises(LinkError, match=r"cloud\.ca_file") as caught:
        asyncio.run(wiring.requests().tls())
    assert caught.value.code == "credential_failed"
    assert isinstance(caught.value.__cause__, OSError | ssl.SSLError)
