"""What every part of the device shares: configuration, clock, counters, the site's word on connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nearfield_edge.configuration import Configuration
from nearfield_edge.life.egress import Egress
from nearfield_sync.clock import Clock, SystemClock
from nearfield_sync.telemetry import Counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every part shares."""

    configuration: Configuration
    clock: Clock
    counters: Counters
    egress: Egress

    def now(self) -> datetime:
        """The site's time."""
        return self.clock.utc_now().astimezone(ZoneInfo(self.configuration.device.time_zone))


def surroundings(configuration: Configuration, clock: Clock | None = None) -> Surroundings:
    """Clock, counters and the site's word on connections.

    Raises:
        ConfigurationError: The egress list cannot be read.
    """
    counters = Counters()
    device = configuration.device
    egress = Egress(restricted=device.site_mode == "restricted", allowed=device.egress, counters=counters)
    return Surroundings(
        configuration=configuration, clock=clock or SystemClock(), counters=counters, egress=egress
    )
