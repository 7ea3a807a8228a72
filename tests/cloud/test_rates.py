"""How often somebody may ask: counted alone, and in a real Redis."""

from __future__ import annotations

import socket

import pytest
from limits.aio.storage import MemoryStorage

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.server import RateLimits
from nearfield_cloud.errors import ConfigurationError, RateError
from nearfield_cloud.gateway.rates import Rates
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters

pytestmark = pytest.mark.server
FEW = {"address": "3 per hour", "client": "2 per hour", "tenant": "5 per hour", "refused": "2 per hour"}


def caller(subject: str = "till-1", tenant: str = "cafe") -> Caller:
    return Caller(tenant=tenant, subject=subject, kind="device", roles=frozenset({"device"}))


@pytest.fixture(params=["alone", "redis"])
def settings(request: pytest.FixtureRequest) -> RateLimits:
    redis = request.getfixturevalue("redis_url") if request.param == "redis" else None
    return RateLimits(**FEW, redis=redis)


async def test_clients_and_tenants_and_addresses_are_counted_apart(settings: RateLimits) -> None:
    counters = Counters()
    rates = Rates(settings, SystemClock(), counters)
    first = await rates.of_caller(caller())
    assert first is not None
    assert (first.limit, first.remaining, first.window_seconds) == (2, 1, 3_600)
    assert first.headers["RateLimit-Policy"] == '"client";q=2;w=3600'
    await rates.of_caller(caller())
    with pytest.raises(RateError, match="of this client") as caught:
        await rates.of_caller(caller())
    assert 1 <= caught.value.retry_after_seconds <= 3_600
    await rates.of_caller(caller("till-2"))
    await rates.of_caller(caller("till-2"))
    await rates.of_caller(caller("till-3"))
    with pytest.raises(RateError, match="of this tenant"):
        await rates.of_caller(caller("till-3"))
    await rates.of_caller(caller("till-1", "bank"))
    for _ in range(3):
        await rates.of_address("2001:db8::1")
    with pytest.raises(RateError, match="of this address"):
        await rates.of_address("2001:db8::2")  # the same network
    await rates.of_address("2001:db8:1::1")
    assert counters.value("nearfield_rate_exceeded_total", what="client") == 1
    await rates.close()


async def test_an_address_that_fails_to_prove_itself_too_often_is_turned_away(settings: RateLimits) -> None:
    rates = Rates(settings, SystemClock(), Counters())
    for _ in range(2):
        await rates.require_few_refused("192.0.2.1")
        await rates.refused("192.0.2.1")
    with pytest.raises(RateError, match="refused proofs"):
        await rates.require_few_refused("192.0.2.1")
    await rates.require_few_refused("192.0.2.2")
    await rates.close()


async def test_processes_share_their_counts_through_redis(redis_url: str) -> None:
    first, second = (Rates(RateLimits(**FEW, redis=redis_url), SystemClock(), Counters()) for _ in range(2))
    await first.of_caller(caller())
    await second.of_caller(caller())
    with pytest.raises(RateError):
        await first.of_caller(caller())
    await first.close()
    await second.close()


async def test_without_its_redis_a_process_counts_alone_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    counters = Counters()
    settings = RateLimits(**FEW, redis=f"redis://127.0.0.1:{port}/0")
    rates = Rates(settings, SystemClock(), counters)
    await rates.of_caller(caller())
    await rates.of_caller(caller())
    with pytest.raises(RateError):
        await rates.of_caller(caller())
    assert counters.value("nearfield_rate_fallback_total") > 0
    await rates.close()


async def test_rates_can_be_switched_off_and_a_wrong_address_is_said() -> None:
    rates = Rates(RateLimits(**FEW, enabled=False), SystemClock(), Counters())
    for _ in range(9):
        assert await rates.of_caller(caller()) is None
        await rates.refused("192.0.2.1")
        await rates.require_few_refused("192.0.2.1")
    with pytest.raises(ConfigurationError, match="no address of Redis"):
        Rates(RateLimits(redis="nonsense"), SystemClock(), Counters())
    with pytest.raises(ValueError, match="no rate"):
        RateLimits(client="often")


async def test_however_many_addresses_come_so_many_counters_are_kept() -> None:
    rates = Rates(RateLimits(), SystemClock(), Counters())
    for number in range(5_000):
        await rates.of_address(f"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}")
    storage = rates._alone.storage
    assert isinstance(storage, MemoryStorage)
    kept = storage.storage
    assert 1_000 < len(kept) <= 2 * 2_048
