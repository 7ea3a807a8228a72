"""From the configuration to the link."""

from __future__ import annotations

from nearfield_edge.configuration import Configuration
from nearfield_edge.errors import ConfigurationError
from nearfield_edge.escalation.ice import IceServer, ice_server
from nearfield_edge.escalation.line import LineOpener
from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.options import LinkOptions
from nearfield_edge.escalation.requests import CloudRequests, EgressCheck, read_secret
from nearfield_edge.escalation.tokens import CertificateTokens, KeyFileTokens, Tokens
from nearfield_edge.escalation.webrtc_line import WebRtcOpener
from nearfield_edge.escalation.websocket_line import WebSocketOpener
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters


def cloud_link(
    configuration: Configuration, *, clock: Clock, counters: Counters, egress: EgressCheck
) -> CloudLink | None:
    """The link, not yet connected; None where no cloud is configured.

    Raises:
        ConfigurationError: A server or a password file of the configuration cannot be read.
    """
    cloud = configuration.cloud
    if cloud.url is None:
        return None
    requests = CloudRequests(
        cloud.url,
        egress=egress,
        now=clock.utc_now,
        ca_file=cloud.ca_file,
        timeout_seconds=cloud.connect_seconds,
    )
    options = LinkOptions(
        connect_seconds=cloud.connect_seconds,
        deadline_seconds=cloud.deadline_seconds,
        most_exchanges=cloud.context_exchanges,
        longest_answer_characters=cloud.longest_answer_characters,
    )
    return CloudLink(
        _opener(configuration, requests, clock, egress),
        _tokens(configuration, requests, clock),
        clock=clock,
        counters=counters,
        options=options,
        language=cloud.language,
    )


def ice_servers(configuration: Configuration) -> tuple[IceServer, ...]:
    """The STUN and TURN servers.

    Raises:
        ConfigurationError: One cannot be read, or the password file cannot.
    """
    cloud = configuration.cloud
    password = None
    if cloud.ice_password_file is not None:
        password = read_secret(cloud.ice_password_file, "cloud.ice_password_file")
    return tuple(ice_server(url, cloud.ice_username, password) for url in cloud.ice_servers)


def _opener(
    configuration: Configuration, requests: CloudRequests, clock: Clock, egress: EgressCheck
) -> LineOpener:
    if configuration.cloud.transport == "websocket":
        return WebSocketOpener(requests, clock.utc_now)
    return WebRtcOpener(requests, clock.utc_now, ice_servers=ice_servers(configuration), egress=egress)


def _tokens(configuration: Configuration, requests: CloudRequests, clock: Clock) -> Tokens:
    cloud = configuration.cloud
    if cloud.key_file is not None and cloud.certificate_file is not None:
        return CertificateTokens(requests, cloud.key_file, cloud.certificate_file, clock.utc_now)
    if cloud.api_key_file is None:
        raise ConfigurationError("cloud: name key_file and certificate_file, or api_key_file")
    return KeyFileTokens(cloud.api_key_file)
