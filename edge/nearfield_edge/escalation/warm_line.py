"""Keeps one call warm: does what `connecting` decides."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

import structlog

from nearfield_edge.errors import LinkError, LinkLostError
from nearfield_edge.escalation import connecting
from nearfield_edge.escalation.answering import session_wanted
from nearfield_edge.escalation.call import Call
from nearfield_edge.escalation.connecting import LinkState
from nearfield_edge.escalation.line import Line, LineOpener
from nearfield_edge.escalation.options import LinkOptions
from nearfield_edge.escalation.tokens import Token, Tokens
from nearfield_sync.clock import Clock
from nearfield_sync.messages.realtime.nearfield import Goodbye
from nearfield_sync.messages.realtime.session import Resume
from nearfield_sync.telemetry import Counters, Log

_NEVER_AGAIN_SECONDS = 3_600.0
"""Where the cloud sees no sense in coming back: it may have changed its mind in an hour."""


class WarmLine:
    """The call as it is at the moment, and what brings it back. On one event loop; ``run`` keeps it."""

    def __init__(
        self,
        opener: LineOpener,
        tokens: Tokens,
        *,
        clock: Clock,
        counters: Counters,
        options: LinkOptions,
        language: str,
        chance: Callable[[], float] | None = None,
    ) -> None:
        """Take the parts; nothing is connected before ``run``.

        Args:
            opener: Opens lines.
            tokens: What the device shows.
            clock: Its monotonic side keeps time.
            counters: Takes ``nearfield_link_{connected,lost,failures}_total``.
            options: Limits.
            language: Of the people here.
            chance: Gives 0..1 for the spread of waits; random if absent.
        """
        self.call: Call | None = None
        self.state = LinkState(patience=options.patience)
        self._opener = opener
        self._tokens = tokens
        self._clock = clock
        self._counters = counters
        self._options = options
        self._language = language
        self._chance = chance or random.SystemRandom().random
        self._token: Token | None = None
        self._resume: Resume | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._opening: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._changed = asyncio.Event()
        self._log: Log = structlog.get_logger()

    async def run(self) -> None:
        """Keep the call until cancelled; then hang up."""
        self.take(connecting.Started())
        try:
            while True:
                self._woken.clear()
                wait_ms = self.state.due_ms - self._clock.monotonic_ms()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wait_ms == float("inf") else max(wait_ms, 0) / 1000):
                        await self._woken.wait()
                self.take(connecting.Ticked(chance=self._chance()))
        finally:
            await self._stop()

    async def until(self, *phases: connecting.Phase) -> LinkState:
        """Wait until the link is in one of the phases; for the doctor and for tests, not for the voice."""
        return await self.until_true(lambda state: state.phase in phases)

    async def until_true(self, condition: Callable[[LinkState], bool]) -> LinkState:
        """Wait until something holds of the link."""
        while not condition(self.state):
            self._changed.clear()
            await self._changed.wait()
        return self.state

    def take(self, event: connecting.Event) -> None:
        """Decide, and do what was decided."""
        before = self.state
        self.state, commands = connecting.reduce(before, event, self._clock.monotonic_ms())
        if self.state != before:
            self._changed.set()
        if self.state.phase != before.phase:
            self._tell(before)
        for command in commands:
            self._do(command)
        self._woken.set()

    def fail(self, part: Literal["token", "line"], error: LinkError) -> None:
        """Take what went wrong with a part."""
        self.take(
            connecting.Failed(
                part=part,
                code=error.code,
                detail=str(error),
                chance=self._chance(),
                retry_after_seconds=error.retry_after_seconds,
            )
        )

    @contextmanager
    def losing(self) -> Iterator[None]:
        """A line that breaks while something is sent is lost, which is no fault of who sends."""
        try:
            yield
        except LinkError as error:
            self.fail("line", error)

    def _tell(self, before: LinkState) -> None:
        state = self.state
        if state.phase == "warm" and self.call is not None:
            self._counters.add("nearfield_link_connected_total")
            self._log.info("link_warm", line=self.call.line.name, resumed=self.call.resumed)
        elif state.phase == "lost" and before.phase == "warm":
            self._counters.add("nearfield_link_lost_total", reason=state.code)
            self._log.warning("link_lost", code=state.code, reason=state.reason)
        elif state.phase == "lost":
            self._counters.add("nearfield_link_failures_total", reason=state.code)
            self._log.warning("link_not_had", code=state.code, reason=state.reason, failures=state.failures)

    def _do(self, command: connecting.Command) -> None:
        match command:
            case connecting.FetchToken():
                self._start(self._guarded("token", self._fetch_token()))
            case connecting.Offer():
                self._opening = self._start(self._guarded("line", self._open()))
            case connecting.Beat() if self.call is not None:
                with self.losing():
                    self.call.beat(command.sequence)
            case connecting.Drop():
                self._drop()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, part: Literal["token", "line"], work: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(self._options.connect_seconds):
                await work
        except TimeoutError:
            what = "a token" if part == "token" else "the cloud's greeting"
            self.fail(part, LinkError(f"{what} did not come in time", code="timed_out"))
        except LinkError as error:
            self.fail(part, error)
        except Exception as error:  # a fault of the link must not end the device's voice
            self.fail(part, self._broken(error))

    async def _fetch_token(self) -> None:
        self._token = await self._tokens.fetch()
        self.take(connecting.TokenFetched(lives_ms=self._token.lives_seconds * 1000))

    async def _open(self) -> None:
        await self._opener.prepare()
        token = self._token.value if self._token is not None else ""
        line = await self._opener.open(token, session_wanted(self._language, self._resume))
        self.call = call = self._call_on(line)
        self._start(self._read(call))
        await call.greeted.wait()
        self._resume = call.resume
        self.take(connecting.Opened())

    def _call_on(self, line: Line) -> Call:
        return Call(
            line,
            self._options,
            monotonic_ms=self._clock.monotonic_ms,
            on_heard=lambda: self.take(connecting.Heard()),
            on_goodbye=self._goodbye,
        )

    async def _read(self, call: Call) -> None:
        try:
            await call.read()
        except LinkError as error:
            if call is self.call:
                self.fail("line", error)
        except Exception as error:  # as above
            if call is self.call:
                self.fail("line", self._broken(error))

    def _goodbye(self, goodbye: Goodbye) -> None:
        wait_seconds = goodbye.reconnect_after_seconds
        self.take(
            connecting.GoodbyeSaid(
                reason=goodbye.reason[:200],
                reconnect_after_seconds=_NEVER_AGAIN_SECONDS if wait_seconds is None else wait_seconds,
                chance=self._chance(),
            )
        )

    def _broken(self, error: Exception) -> LinkError:
        self._log.error("link_broken", exc_info=error)
        return LinkError(f"the link broke ({type(error).__name__})", code="link_failed")

    def _drop(self) -> None:
        call, self.call = self.call, None
        if call is not None:
            call.end(LinkLostError(self.state.reason))
        closing = self._start(self._close(call, self._opening))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _close(self, call: Call | None, opening: asyncio.Task[None] | None) -> None:
        if opening is not None and not opening.done():
            opening.cancel()
            await asyncio.wait([opening])
        if call is not None:
            await call.line.close()
        self.take(connecting.Dropped())

    async def _stop(self) -> None:
        call, self.call = self.call, None
        if call is not None:
            call.end(LinkLostError("the device is being stopped"))
            await call.line.close()
        tasks = list(self._tasks)
        for task in tasks:
            # What closes a line is let finish: cut short, it would leave sockets open.
            if task not in self._closing:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
