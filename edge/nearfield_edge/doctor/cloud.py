"""The link to the cloud: whether the device is known there, and whether a call comes through."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from nearfield_edge.configuration import Configuration
from nearfield_edge.doctor.findings import Finding
from nearfield_edge.errors import ConfigurationError
from nearfield_edge.escalation.assembling import cloud_link
from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.life.egress import Egress
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters

NAME = "cloud"
LONGEST_LOOK_SECONDS = 30.0


def cloud(configuration: Configuration, clock: Clock) -> Finding:
    """Make a call and hang up; a device without a cloud needs none, and without a link it goes on."""
    url = configuration.cloud.url
    if url is None:
        return Finding(name=NAME, status="ok", found="none: the device answers by itself")
    counters = Counters()
    try:
        device = configuration.device
        egress = Egress(restricted=device.site_mode == "restricted", allowed=device.egress, counters=counters)
        link = cloud_link(configuration, clock=clock, counters=counters, egress=egress.check)
    except ConfigurationError as error:
        return Finding(name=NAME, status="fail", found=str(error), mend="mend [cloud] of the configuration")
    if link is None:
        return Finding(name=NAME, status="ok", found="none")
    began_ms = clock.monotonic_ms()
    why_not = asyncio.run(_why_not(link))
    took_ms = clock.monotonic_ms() - began_ms
    if why_not:
        return Finding(
            name=NAME,
            status="warn",
            found=f"{url}: no link: {why_not}",
            mend="until then it answers by itself",
        )
    transport = configuration.cloud.transport
    return Finding(name=NAME, status="ok", found=f"{url} by {transport}, a call set up in {took_ms:.0f} ms")


async def _why_not(link: CloudLink) -> str:
    keeping = asyncio.create_task(link.run())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_LOOK_SECONDS):
                await link.line.until("warm", "lost")
        return "" if link.ready else link.why_not
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
