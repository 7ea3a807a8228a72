"""A request that is sent twice with the same ``Idempotency-Key`` is done once and answered twice alike.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.server import IdempotencySection
from nearfield_cloud.errors import CloudError, ConflictError, RequestError
from nearfield_cloud.gateway.identification import caller as caller_of
from nearfield_cloud.gateway.problems import problem, problem_of
from nearfield_cloud.identity.sealing import Sealing
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import ANSWERS

HEADER: Final = "idempotency-key"
_METHODS: Final = frozenset({"POST", "PATCH"})
_LONGEST_KEY: Final = 255
_UNDER_WAY_SECONDS: Final = 120.0
"""After which a request whose process died may be tried again."""
_KEPT_HEADERS: Final = frozenset({"content-type", "location", "etag"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What the first request was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class KeptAnswers:
    """Remembers them.

    Raises:
        StorageError: The database failed; so do all methods.
    """

    def __init__(self, storage: Storage, section: IdempotencySection, sealing: Sealing) -> None:
        self._sealing = sealing
        self._storage = storage
        self._kept_seconds = section.kept_seconds

    async def begin(self, key: str, request: str, now: float) -> KeptAnswer | None:
        """Begin a request; gives the answer where it was done before.

        Args:
            key: Digest of who asks and the key they gave.
            request: Digest of what is asked.
            now: Seconds since 1970.

        Raises:
            ConfigurationError: What was kept was sealed with another key.
            ConflictError: The key was given with another request, or the first one is under way.
        """
        async with self._storage.writing() as connection:
            await connection.execute(
                sa.delete(ANSWERS).where(ANSWERS.c.digest == key, ANSWERS.c.expires_at <= now)
            )
            row_new = {"digest": key, "request": request, "expires_at": now + _UNDER_WAY_SECONDS}
            try:
                async with connection.begin_nested():
                    await connection.execute(sa.insert(ANSWERS).values(row_new))
                return None
            except IntegrityError:
                query = sa.select(ANSWERS).where(ANSWERS.c.digest == key)
                row = (await connection.execute(query)).mappings().one_or_none()
        if row is None or (row["status"] is None and row["request"] == request):
            raise ConflictError(
                "the first request of this Idempotency-Key is still under way: try again soon"
            )
        if row["request"] != request:
            raise ConflictError("this Idempotency-Key was given with another request: take a new one")
        return KeptAnswer(
            status=row["status"],
            headers=json.loads(row["headers"]),
            body=self._sealing.open(row["body"], key),
        )

    async def keep(self, key: str, answer: KeptAnswer, now: float) -> None:
        """The request was done."""
        values = {
            "status": answer.status,
            "headers": json.dumps(answer.headers).encode(),
            "body": self._sealing.seal(answer.body, key),  # it may show a secret that was just made
            "expires_at": now + self._kept_seconds,
        }
        async with self._storage.writing() as connection:
            await connection.execute(sa.update(ANSWERS).where(ANSWERS.c.digest == key).values(values))

    async def forget(self, key: str) -> None:
        """The request failed and may be tried again."""
        async with self._storage.writing() as connection:
            await connection.execute(sa.delete(ANSWERS).where(ANSWERS.c.digest == key))


class Idempotency:
    """Middleware for requests that change something and bring a key."""

    def __init__(
        self, app: ASGIApp, *, answers: KeptAnswers, section: IdempotencySection, now: Callable[[], float]
    ) -> None:
        self._app = app
        self._answers = answers
        self._section = section
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it as before."""
        if scope["type"] != "http" or scope["method"] not in _METHODS or scope["path"].startswith("/oauth/"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER)
        if given is None:
            await self._app(scope, receive, send)
            return
        if not 0 < len(given) <= _LONGEST_KEY:
            error = RequestError(f"Idempotency-Key has 1 to {_LONGEST_KEY} characters")
            await problem_of(error)(scope, receive, send)
            return
        try:
            caller = await caller_of(HTTPConnection(scope))
        except CloudError:
            await self._app(scope, receive, send)  # the route says it, or needs to know nobody
            return
        await self._once(_key(caller, given), scope, receive, send)

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await _whole(receive)
        except HTTPException as error:  # of the bounds: too large, too slow
            code = "too_large" if error.status_code == 413 else "too_slow"
            await problem(error.status_code, code, error.detail, error.headers)(scope, receive, send)
            return
        request = hashlib.sha256(
            b"\n".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], body))
        ).hexdigest()
        try:
            before = await self._answers.begin(key, request, self._now())
        except CloudError as error:
            await problem_of(error)(scope, receive, send)
            return
        if before is not None:
            headers = {**before.headers, "Idempotency-Replayed": "true"}
            await Response(before.body, before.status, headers)(scope, receive, send)
            return
        heard = _Heard(send, self._section.answer_bytes)
        try:
            await self._app(scope, _again(body, receive), heard.send)
        finally:
            answer = heard.answer()
            if answer is None or answer.status >= 500 or answer.status == 429:
                await self._answers.forget(key)
            else:
                await self._answers.keep(key, answer, self._now())


class _Heard:
    """Listens to an answer on its way."""

    def __init__(self, send: Send, most_bytes: int) -> None:
        self._send = send
        self._most_bytes = most_bytes
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = b""
        self._whole = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = Headers(raw=message["headers"])
            self._headers = {name: value for name, value in headers.items() if name in _KEPT_HEADERS}
        elif message["type"] == "http.response.body" and len(self._body) <= self._most_bytes:
            self._body += message.get("body", b"")
            self._whole = not message.get("more_body", False)
        await self._send(message)

    def answer(self) -> KeptAnswer | None:
        """What was answered; None where nothing was, or it was cut off."""
        if not self._status or not (self._whole or len(self._body) > self._most_bytes):
            return None
        if len(self._body) > self._most_bytes:
            error = ConflictError("this request was done, and its answer was too long to be kept")
            again = problem_of(error)
            return KeptAnswer(status=409, headers=dict(again.headers), body=bytes(again.body))
        return KeptAnswer(status=self._status, headers=self._headers, body=self._body)


def _key(caller: Caller, given: str) -> str:
    who = json.dumps([caller.tenant, caller.kind, caller.subject, given])
    return hashlib.sha256(who.encode()).hexdigest()


async def _whole(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body", False):
            return body


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
