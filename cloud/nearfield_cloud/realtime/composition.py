"""The graph of calls, built in one place and handed down."""

from __future__ import annotations

from nearfield_cloud.configuration.realtime import Realtime
from nearfield_cloud.orchestrator.answer import Orchestrator
from nearfield_cloud.realtime.call import CallParts
from nearfield_cloud.realtime.calls import Calls
from nearfield_cloud.realtime.compute import FairExecutor
from nearfield_cloud.realtime.engines import CallEngines
from nearfield_cloud.realtime.hearing import HearingParts
from nearfield_cloud.realtime.routes import CallerOf, RealtimeParts
from nearfield_cloud.realtime.secrets import ClientSecrets
from nearfield_cloud.realtime.transport.ice import IceServers
from nearfield_cloud.realtime.transport.webrtc import Peers
from nearfield_sync.clock import Clock, SystemClock
from nearfield_sync.telemetry import Counters


def realtime_parts(
    settings: Realtime,
    *,
    orchestrator: Orchestrator,
    caller: CallerOf,
    engines: CallEngines | None,
    counters: Counters,
    clock: Clock | None = None,
) -> RealtimeParts:
    """Build what `routes.router` needs; whoever serves enters ``running()``.

    Args:
        settings: The configuration's section.
        orchestrator: Answers.
        caller: Tells who asks.
        engines: What hears and speaks; None makes calls text only.
        counters: Of the service.
        clock: The system's if None.

    Raises:
        ConfigurationError: An ICE server's URL or password cannot be read.
    """
    hearing = None
    if engines is not None:
        most = settings.limits.most_computing
        hearing = HearingParts(
            engines=engines,
            hearing=FairExecutor("hearing", most=most),
            speech=FairExecutor("speech", most=most),
            settings=settings.engines,
            counters=counters,
        )
    parts = CallParts(
        settings=settings,
        orchestrator=orchestrator,
        hearing=hearing,
        clock=clock or SystemClock(),
        counters=counters,
    )
    calls, ice = Calls(parts), IceServers(settings.ice)
    return RealtimeParts(
        calls=calls,
        peers=Peers(calls, ice),
        ice=ice,
        secrets=ClientSecrets(settings.worker, most=settings.limits.most_secrets),
        caller=caller,
    )
