"""The device's page, in two steps: its address is taken at once, and it answers when the device works."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import structlog

from nearfield_edge.audio.socket_sound import SocketSound
from nearfield_edge.composition.device import Device
from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.controls import Controls
from nearfield_edge.page.address import PageAddress, is_wildcard, own_names, shown_host
from nearfield_edge.page.answers import Answers, DeviceFacts
from nearfield_edge.page.application import STATIC, application, is_built
from nearfield_edge.page.audio_socket import AudioSocket
from nearfield_edge.page.broadcast import Broadcast
from nearfield_edge.page.certificate import (
    CertificateFiles,
    ensure_certificate,
    own_certificate,
    read_certificate,
    require_pair,
)
from nearfield_edge.page.connections import Connections
from nearfield_edge.page.events_socket import EventsSocket
from nearfield_edge.page.hosts import Hosts
from nearfield_edge.page.server import PageServer, bind
from nearfield_edge.page.sessions import Sessions
from nearfield_edge.page.token import ensure_token
from nearfield_sync.telemetry import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAccess:
    """How people get to the page."""

    address: PageAddress
    token: str
    tls: CertificateFiles | None
    fingerprint: str | None
    """Of the certificate, SHA-256; None without TLS."""

    @property
    def link(self) -> str:
        """Signs in whoever opens it."""
        return self.address.link(self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedPage:
    """An address that is taken, and how it will be reached; nobody is answered yet."""

    bound: socket.socket
    access: PageAccess


def page_access(place: Surroundings, port: int | None = None) -> PageAccess:
    """How the page is reached; makes its token and its certificate where there are none.

    Args:
        place: With the configuration.
        port: The one that was taken, where the configuration leaves it open.

    Raises:
        PageError: The token or the certificate cannot be had.
    """
    page = place.configuration.page
    own_token = place.configuration.device.data / "keys" / "page.token"
    token = ensure_token(page.token_file or own_token, ours=page.token_file is None)
    tls = _certificate(place) if page.uses_tls else None
    if tls is not None:
        require_pair(tls)
    return PageAccess(
        address=PageAddress(
            scheme="http" if tls is None else "https",
            host=shown_host(page.host),
            port=page.port if port is None else port,
        ),
        token=token,
        tls=tls,
        fingerprint=None if tls is None else read_certificate(tls.certificate).fingerprint,
    )


def reserve_page(place: Surroundings) -> ReservedPage:
    """Take the page's address, and see that it can be served.

    Raises:
        PageError: It cannot; the message says what to change.
    """
    page = place.configuration.page
    bound = bind(page.host, page.port)
    try:
        access = page_access(place, int(bound.getsockname()[1]))
    except BaseException:
        bound.close()
        raise
    return ReservedPage(bound=bound, access=access)


def open_page(
    place: Surroundings,
    reserved: ReservedPage,
    device: Device,
    controls: Controls,
    broadcast: Broadcast,
    line: SocketSound | None,
    *,
    static: Path = STATIC,
) -> PageServer:
    """Join the page with the device; the server's ``run`` answers.

    Args:
        place: What every part shares.
        reserved: The address.
        device: What is shown.
        controls: What the page's buttons do.
        broadcast: Tells pages what happens.
        line: Where a page's sound comes in; None where the device listens to something else for good.
        static: The built page.
    """
    page, now_ms = place.configuration.page, place.clock.monotonic_ms
    sessions = Sessions(reserved.access.token)
    connections = Connections(sessions, now_ms)
    answers = Answers(
        facts=device_facts(place, device),
        turns=device.turns,
        recordings=device.recordings,
        sessions=sessions,
        on_sign_out=connections.sign_out,
        now_ms=now_ms,
        counters=place.counters,
    )
    names = own_names(page.host)
    app = application(
        answers=answers,
        events=EventsSocket(broadcast, connections, controls),
        audio=AudioSocket(line, broadcast, connections, place.counters),
        hosts=Hosts((*page.names, *names)),
        sessions=sessions,
        now_ms=now_ms,
        counters=place.counters,
        static=static,
    )
    if not is_built(static):
        log: Log = structlog.get_logger()
        log.warning("page_not_built", mend="run `make setup`")
    return PageServer(app, reserved.bound, reserved.access.tls)


def device_facts(place: Surroundings, device: Device) -> DeviceFacts:
    """What a page is told of the device."""
    configuration = place.configuration
    return DeviceFacts(
        device_id=configuration.device.id,
        version=version("nearfield"),
        wake_phrases=tuple(device.wake_phrases),
        mode=configuration.wake.mode,
        sound_kept=configuration.records.sound,
        examples=device.suggestions,
        site_mode=configuration.device.site_mode,
        languages=configuration.page.languages,
    )


def _certificate(place: Surroundings) -> CertificateFiles:
    page = place.configuration.page
    if page.certificate is not None and page.key is not None:
        return CertificateFiles(certificate=page.certificate, key=page.key)
    files = own_certificate(place.configuration.device.data)
    own = () if is_wildcard(page.host) else (page.host,)
    ensure_certificate(
        files, names=(*page.names, *own), addresses=own_names(page.host), now=place.clock.utc_now()
    )
    return files
