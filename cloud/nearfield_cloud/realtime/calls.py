"""All calls of this worker: begun within limits, found by id, taken up again, ended in time."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import structlog

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import (
    CallElsewhereError,
    CallNotFoundError,
    CallsFullError,
    SessionError,
    ShuttingDownError,
)
from nearfield_cloud.realtime.call import Call, CallParts
from nearfield_cloud.realtime.secrets import owner_of
from nearfield_cloud.realtime.session import reducer
from nearfield_cloud.realtime.session.state import SessionLimits, SessionState
from nearfield_sync.messages.realtime.session import Nearfield, RealtimeSession, Resume

log = structlog.get_logger()
_PREFIX: Final = "call_"
_TICK_SECONDS: Final = 0.1


class Calls:
    """The registry; used on the event loop only."""

    def __init__(self, parts: CallParts) -> None:
        self.parts = parts
        self._calls: dict[str, Call] = {}
        self._draining = False
        self._emptied = asyncio.Event()

    def __len__(self) -> int:
        return len(self._calls)

    def held(self) -> tuple[Call, ...]:
        """Those that are held now, lost ones among them."""
        return tuple(self._calls.values())

    @property
    def talking(self) -> int:
        """Calls in which a question is being answered or an answer is heard."""
        return sum(call.busy for call in self._calls.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep time for the calls."""
        ticking = asyncio.create_task(self._tick(), name="calls tick")
        try:
            yield
        finally:
            ticking.cancel()
            for call in list(self._calls.values()):
                call.end("the service stops", reconnect=True)

    def begin(self, caller: Caller, session: RealtimeSession, *, on_track: bool) -> Call:
        """Begin a call for a client that is about to connect.

        Raises:
            ShuttingDownError: This worker takes no more calls.
            CallsFullError: As many are held as may be.
            SessionError: The session asks for what there is not.
        """
        self._check_room(caller)
        settings, limits = self.parts.settings, self.parts.settings.limits
        told = session.model_copy(
            update={
                "id": f"sess_{secrets.token_hex(12)}",
                "object": "realtime.session",
                "expires_at": int(self.parts.clock.utc_now().timestamp() + limits.longest_call_seconds),
            }
        )
        state = SessionState(
            session=told,
            limits=SessionLimits(
                most_items=limits.most_items, longest_text_characters=limits.longest_text_characters
            ),
            hears=self.parts.hearing is not None,
            on_track=on_track,
        )
        fault = reducer.refusal(state, told)
        if fault is not None and session.model_fields_set & {"output_modalities", "tools"}:
            raise SessionError(fault[1])
        if fault is not None:  # the client named no modality: it gets the one that there is
            told = told.model_copy(update={"output_modalities": ("text",)})
            state = replace(state, session=told)
        call = Call(
            self.parts,
            call_id=f"{_PREFIX}{settings.worker}_{secrets.token_urlsafe(16)}",
            caller=caller,
            state=state,
            settle=self._settle,
            on_end=self._ended,
        )
        self._calls[call.id] = call
        if told.nearfield is not None:
            self._settle(call, told.nearfield)
        self.parts.counters.add("nearfield_calls_total", transport="webrtc" if on_track else "websocket")
        return call

    def _check_room(self, caller: Caller) -> None:
        limits = self.parts.settings.limits
        if self._draining:
            raise ShuttingDownError("this worker is shutting down: call again in a moment")
        calls = [call for call in self._calls.values() if call.lost_at_ms is None]
        if len(self._calls) - len(calls) >= limits.most_calls:  # those that wait are let go, the oldest first
            next(call for call in self._calls.values() if call.lost_at_ms is not None).end(
                "nobody came back", reconnect=False
            )
        of_tenant = [call for call in calls if call.caller.tenant == caller.tenant]
        of_subject = sum(call.caller.subject == caller.subject for call in of_tenant)
        for held, most, whose in (
            (len(calls), limits.most_calls, "this worker"),
            (len(of_tenant), limits.most_calls_of_tenant, "this tenant"),
            (of_subject, limits.most_calls_of_subject, "this caller"),
        ):
            if held >= most:
                self.parts.counters.add("nearfield_call_refusals_total", code=CallsFullError.code)
                raise CallsFullError(f"{whose} holds {most} calls already: end one or try again later")

    def find(self, call_id: str, caller: Caller) -> Call:
        """Give a call that this caller may touch.

        Raises:
            CallElsewhereError: Another worker holds it.
            CallNotFoundError: There is none, or it is somebody else's.
        """
        worker = owner_of(call_id, _PREFIX)
        if worker is not None and worker != self.parts.settings.worker:
            raise CallElsewhereError(worker)
        call = self._calls.get(call_id)
        if call is None or (call.caller.tenant, call.caller.subject) != (caller.tenant, caller.subject):
            raise CallNotFoundError("there is no such call")
        return call

    def _settle(self, call: Call, asked: Nearfield) -> None:
        """Give a session the secret by which it is taken up again, and take an earlier one up."""
        if not call.resume_secret:
            call.resume_secret = secrets.token_urlsafe(24)
            session = call.state.session
            told = session.nearfield or Nearfield()
            told = told.model_copy(
                update={"resume_secret": call.resume_secret, "resume": None, "resumed": False}
            )
            call.state = replace(call.state, session=session.model_copy(update={"nearfield": told}))
        if asked.resume is not None:
            self._resume(call, asked.resume)

    def _resume(self, call: Call, wanted: Resume) -> None:
        """Go on with an earlier session; where there is none the session stays a new one, and says so."""
        earlier = next((one for one in self._calls.values() if _is_earlier(one, call, wanted)), None)
        self.parts.counters.add("nearfield_call_resumes_total", found="yes" if earlier else "no")
        if earlier is None:
            return
        earlier.abandon()
        old, session = earlier.state, call.state.session
        told = session.nearfield.model_copy(update={"resumed": True}) if session.nearfield else None
        session = session.model_copy(update={"id": old.id, "nearfield": told})
        call.state = replace(call.state, session=session, entries=old.entries, numbered=old.numbered)

    def _ended(self, call: Call) -> None:
        self._calls.pop(call.id, None)
        if not self._calls:
            self._emptied.set()

    def end_where(self, chosen: Callable[[Caller], bool], reason: str) -> int:
        """End the calls of callers that may not call any more, lost sessions too, and count them."""
        ended = [call for call in self._calls.values() if chosen(call.caller)]
        for call in ended:
            call.end(reason, reconnect=False)
        return len(ended)

    async def drain(self, deadline_seconds: float) -> None:
        """Take no more calls; let answers under way end until the deadline, then say goodbye to all.

        Idle calls are told at once, so that their clients go elsewhere while the others finish.
        """
        self._draining = True
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_seconds
        while self._calls and loop.time() < until:
            for call in [one for one in self._calls.values() if not one.busy]:
                call.end("this worker shuts down", reconnect=True)
            if not self._calls:
                break
            self._emptied.clear()
            try:
                await asyncio.wait_for(self._emptied.wait(), min(_TICK_SECONDS, until - loop.time()))
            except TimeoutError:
                continue
        for call in list(self._calls.values()):
            call.end("this worker shuts down", reconnect=True)
        log.info("calls_drained")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now_ms = self.parts.clock.monotonic_ms()
            for call in list(self._calls.values()):
                call.tick(now_ms)


def _is_earlier(one: Call, call: Call, wanted: Resume) -> bool:
    """Whether ``one`` holds the session that the client of ``call`` can prove to be its own."""
    same_caller = (one.caller.tenant, one.caller.subject) == (call.caller.tenant, call.caller.subject)
    if one is call or not same_caller or one.state.id != wanted.session_id:
        return False
    return hmac.compare_digest(one.resume_secret.encode(), wanted.secret.encode())
