"""How often somebody may ask: counted in this process, or in Redis for all of them."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import RateLimiter, SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError as LimitsConfigurationError
from limits.errors import StorageError as LimitsStorageError
from redis.asyncio import Redis

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.server import RateLimits
from nearfield_cloud.errors import ConfigurationError, RateError
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters, Log

What = Literal["address", "refused", "client", "tenant", "quota"]
_Answer = TypeVar("_Answer")
_REDIS_SECONDS: Final = 0.5
"""An answer of Redis that takes longer is none."""
_PLACES: Final = 2_048
"""Among which addresses are spread where this process counts: as many counters at most, however many come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How somebody stands with one rate."""

    what: What
    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """As the answer says it (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"{self.what}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{self.what}";r={self.remaining};t={self.reset_seconds}',
        }


class Rates:
    """Counts, and refuses what is too often.

    Where Redis fails, this process counts for itself until it is back: better too many than none. That is
    counted in ``nearfield_rate_fallback_total``.
    """

    def __init__(self, rates: RateLimits, clock: Clock, counters: Counters) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            ConfigurationError: ``limits.rates.redis`` is no address of Redis.
        """
        self._enabled = rates.enabled
        self._clock = clock
        self._counters = counters
        self._salt = secrets.token_bytes(16)
        self._items: dict[What, RateLimitItem] = {
            "address": parse(rates.address),
            "refused": parse(rates.refused),
            "client": parse(rates.client),
            "tenant": parse(rates.tenant),
            "quota": parse(rates.quota),
        }
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._redis = None if rates.redis is None else _redis(rates.redis)
        self._shared = None if self._redis is None else SlidingWindowCounterRateLimiter(self._redis)

    async def of_address(self, address: str) -> Standing | None:
        """Count a request of an address.

        Raises:
            RateError: There were too many.
        """
        return await self._count("address", self._place(address))

    async def of_caller(self, caller: Caller) -> Standing | None:
        """Count a request of somebody known, against their own rate, their tenant's and its quota.

        Raises:
            RateError: There were too many.
        """
        standing = await self._count("client", f"{caller.tenant} {caller.kind} {caller.subject}")
        await self._count("tenant", caller.tenant)
        await self._count("quota", caller.tenant)
        return standing

    async def refused(self, address: str) -> None:
        """Count a failed proof of identity."""
        if self._enabled:
            item, place = self._items["refused"], self._place(address)
            await self._ask(lambda limiter: limiter.hit(item, "refused", place))

    async def require_few_refused(self, address: str) -> None:
        """See that an address has not failed too often of late.

        Raises:
            RateError: It has.
        """
        item, place = self._items["refused"], self._place(address)
        if self._enabled and not await self._ask(lambda limiter: limiter.test(item, "refused", place)):
            await self._refuse("refused", place)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._redis is not None:
            client: Redis = self._redis.bridge.get_connection()  # type: ignore[attr-defined]
            await client.aclose()

    async def _count(self, what: What, whose: str) -> Standing | None:
        if not self._enabled:
            return None
        item = self._items[what]
        if not await self._ask(lambda limiter: limiter.hit(item, what, whose)):
            await self._refuse(what, whose)
        return await self._standing(what, whose)

    async def _standing(self, what: What, whose: str) -> Standing:
        item = self._items[what]
        stats = await self._ask(lambda limiter: limiter.get_window_stats(item, what, whose))
        window = item.get_expiry()
        left = math.ceil(stats.reset_time - self._clock.utc_now().timestamp())
        return Standing(
            what=what,
            limit=item.amount,
            window_seconds=window,
            remaining=max(0, int(stats.remaining)),
            reset_seconds=min(max(left, 1), window),
        )

    async def _refuse(self, what: What, whose: str) -> None:
        standing = await self._standing(what, whose)
        self._counters.add("nearfield_rate_exceeded_total", what=what)
        asked = (
            "refused proofs of identity of this address" if what == "refused" else f"requests of this {what}"
        )
        raise RateError(
            f"too many {asked}: {standing.limit} in {standing.window_seconds} s are taken",
            standing.reset_seconds,
        )

    async def _ask(self, question: Callable[[RateLimiter], Awaitable[_Answer]]) -> _Answer:
        if self._shared is not None:
            try:
                return await question(self._shared)
            except LimitsStorageError as error:
                self._counters.add("nearfield_rate_fallback_total")
                log: Log = structlog.get_logger()
                log.warning("rates_counted_alone", error=type(error.storage_error).__name__)
        return await question(self._alone)

    def _place(self, address: str) -> str:
        """What an address is counted as: IPv6 by its network of 64 bits, of which anybody has all."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            named = address
        else:
            whole = parsed.version == 4
            named = (
                address if whole else str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
            )
        if self._shared is not None:
            return named
        digest = hashlib.blake2b(named.encode(), key=self._salt, digest_size=8).digest()
        return str(int.from_bytes(digest) % _PLACES)


def _redis(url: str) -> RedisStorage:
    try:
        return RedisStorage(
            f"async+{url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="nearfield",
            socket_timeout=_REDIS_SECONDS,
            socket_connect_timeout=_REDIS_SECONDS,
        )
    except (ValueError, LimitsConfigurationError) as error:
        raise ConfigurationError(f"limits.rates.redis is no address of Redis: {error}") from error
