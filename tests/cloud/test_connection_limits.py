"""Calls and WebSockets: so many at once, and none that lasts for ever."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.server import ConnectionSection
from nearfield_cloud.errors import CrowdedError, ServingError
from nearfield_cloud.gateway.limits import ConnectionLimits
from nearfield_sync.telemetry import Counters
from tests.fakes.clock import SettableClock

SECTION = ConnectionSection(total=4, of_tenant=3, of_caller=2, idle_seconds=60, longest_seconds=300)


def caller(subject: str = "till-1", tenant: str = "cafe") -> Caller:
    return Caller(tenant=tenant, subject=subject, kind="device", roles=frozenset({"device"}))


def limits(clock: SettableClock, shut_out: set[str] | None = None) -> ConnectionLimits:
    out = shut_out or set()
    return ConnectionLimits(SECTION, clock, Counters(), shut_out=lambda one: one.subject in out)


def test_a_caller_a_tenant_and_the_service_have_so_many_and_a_closed_one_makes_room() -> None:
    it = limits(SettableClock())
    with ExitStack() as held:
        for one in (caller(), caller(), caller("till-2"), caller("vault", "bank")):
            held.enter_context(it.admitted(one))
        assert it.open == 4
        with pytest.raises(CrowdedError, match="the service"), it.admitted(caller("new", "bank")):
            pass
    assert it.open == 0
    with it.admitted(caller()), it.admitted(caller()):
        with pytest.raises(CrowdedError, match="the caller"), it.admitted(caller()):
            pass
        with it.admitted(caller("till-2")):
            with pytest.raises(CrowdedError, match="the tenant"), it.admitted(caller("till-3")):
                pass
            with it.admitted(caller("till-1", "bank")):
                pass


def test_nobody_is_admitted_once_the_service_shuts_down_and_those_inside_stay() -> None:
    it = limits(SettableClock())
    with it.admitted(caller()) as admission:
        it.close_to_new()
        with pytest.raises(ServingError), it.admitted(caller()):
            pass
        assert admission.over() is None


async def test_a_connection_ends_when_it_is_quiet_and_not_while_it_is_heard() -> None:
    clock = SettableClock()

    async def pass_time(seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))

    with limits(clock).admitted(caller()) as admission:
        for _ in range(5):
            clock.advance(timedelta(seconds=50))
            admission.heard()
            assert admission.over() is None
        began = clock.monotonic_ms()
        assert await admission.until_over(pass_time) == "too_long"
        assert clock.monotonic_ms() - began == 50_000
    with limits(clock).admitted(caller()) as admission:
        began = clock.monotonic_ms()
        assert await admission.until_over(pass_time) == "idle"
        assert clock.monotonic_ms() - began == 60_000


async def test_a_connection_ends_within_seconds_of_its_holder_being_shut_out() -> None:
    clock, out = SettableClock(), {"somebody"}
    waits: list[float] = []

    async def shut_out_meanwhile(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(timedelta(seconds=seconds))
        out.add("till-1")

    it = limits(clock, out)
    with it.admitted(caller()) as admission:
        assert await admission.until_over(shut_out_meanwhile) == "shut_out"
    assert waits == [5.0]
