"""The page's HTTP: signing in, the device, the last turns and their sound."""

from __future__ import annotations

import asyncio
import io
import json
import re
import wave
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nearfield_edge.errors import TooManyTriesError, WrongTokenError
from nearfield_edge.page.guard import COOKIE
from nearfield_edge.page.problems import problem
from nearfield_edge.page.sessions import Sessions
from nearfield_edge.records.recordings import Recordings
from nearfield_edge.records.turns import TurnStore
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Counters

MOST_TURNS: Final = 100
_TURNS: Final = 20
_SMALL_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_LARGEST_BODY_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """What a page is told of the device."""

    device_id: str
    version: str
    wake_phrases: tuple[str, ...]
    mode: str
    sound_kept: bool
    examples: tuple[str, ...]
    """What one can say to it."""
    site_mode: str
    languages: tuple[str, ...]
    """Of the page; empty for the browser's."""


class Answers:
    """Answers the page's requests; what reads files or writes much does so in a thread."""

    def __init__(
        self,
        *,
        facts: DeviceFacts,
        turns: TurnStore,
        recordings: Recordings,
        sessions: Sessions,
        on_sign_out: Callable[[str], None],
        now_ms: Callable[[], float],
        counters: Counters,
    ) -> None:
        self._facts = facts
        self._turns = turns
        self._recordings = recordings
        self._sessions = sessions
        self._on_sign_out = on_sign_out
        self._now_ms = now_ms
        self._counters = counters

    async def sign_in(self, request: Request) -> Response:
        """``POST /api/session``."""
        token = await _token_in(request)
        if token is None:
            return problem(400, "malformed", 'the body must be {"token": "..."}')
        address = request.client.host if request.client else ""
        try:
            name = self._sessions.open(token, address, self._now_ms())
        except WrongTokenError as error:
            self._counters.add("nearfield_page_refused_total", code=error.code)
            return problem(401, error.code, str(error))
        except TooManyTriesError as error:
            self._counters.add("nearfield_page_refused_total", code=error.code)
            return problem(429, error.code, str(error), {"Retry-After": "60"})
        response = Response(status_code=204)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, name, httponly=True, samesite="strict", secure=secure)
        return response

    async def sign_out(self, request: Request) -> Response:
        """``DELETE /api/session``; its open connections end as well."""
        name = request.scope.get("nearfield_session")
        if name is not None:
            self._sessions.close(name)
            self._on_sign_out(name)
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    async def device(self, _: Request) -> Response:
        """``GET /api/device``."""
        return JSONResponse(asdict(self._facts))

    async def turns(self, request: Request) -> Response:
        """``GET /api/turns``, the newest first."""
        limit = request.query_params.get("limit", str(_TURNS))
        if not _SMALL_NUMBER.fullmatch(limit) or not 1 <= int(limit) <= MOST_TURNS:
            return problem(400, "bad_parameter", f"limit: a whole number from 1 to {MOST_TURNS} is expected")
        before = request.query_params.get("before")
        return await asyncio.to_thread(self._listed, int(limit), before)

    async def turn(self, request: Request) -> Response:
        """``GET /api/turns/{id}``."""
        return await asyncio.to_thread(self._told, request.path_params["turn_id"])

    async def sound(self, request: Request) -> Response:
        """``GET /api/turns/{id}/sound.wav``."""
        return await asyncio.to_thread(self._wav, request.path_params["turn_id"])

    def _listed(self, limit: int, before: str | None) -> Response:
        if before is not None and self._turns.get(before) is None:
            return _no_turn(before)
        # One more than asked for tells whether there are more.
        found, sounds = self._turns.last(limit + 1, before=before)[::-1], self._recordings.turn_ids()
        shown = [_with_sound(record, sounds) for record in found[:limit]]
        return JSONResponse({"turns": shown, "more": len(found) > limit})

    def _told(self, turn_id: str) -> Response:
        record = self._turns.get(turn_id)
        if record is None:
            return _no_turn(turn_id)
        return JSONResponse(_with_sound(record, self._recordings.turn_ids()))

    def _wav(self, turn_id: str) -> Response:
        if turn_id not in self._recordings.turn_ids():
            return problem(404, "no_sound", f"no sound of turn {turn_id} is kept")
        recording = self._recordings.read(turn_id)
        content = io.BytesIO()
        with wave.open(content, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(recording.header.sample_rate_hz)
            for pcm in recording.pcm():
                file.writeframesraw(pcm)
        return Response(content.getvalue(), media_type="audio/wav")


async def _token_in(request: Request) -> str | None:
    """The token in the body; None where that is no such object, or very long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY_BYTES:
            return None
    try:
        token = json.loads(body)["token"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return token if isinstance(token, str) else None


def _with_sound(record: TurnRecord, sounds: frozenset[str]) -> dict[str, Any]:
    return {**record.to_dict(), "has_sound": record.turn_id in sounds}


def _no_turn(turn_id: str) -> Response:
    return problem(404, "no_turn", f"no turn {turn_id} is kept")
