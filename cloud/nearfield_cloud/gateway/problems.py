"""What went wrong, as ``application/problem+json`` (RFC 9457) with a stable code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

from nearfield_cloud.errors import (
    CallElsewhereError,
    CallError,
    CallNotFoundError,
    CloudError,
    ConfigurationError,
    ConflictError,
    CrowdedError,
    IdentityError,
    KnowledgeError,
    MissingError,
    NotAllowedError,
    OrchestrationError,
    RateError,
    RequestError,
    ServingError,
    ShuttingDownError,
    SizeError,
    SlowError,
    StorageError,
    TooMuchError,
)
from nearfield_models.errors import ModelsError
from nearfield_sync.errors import SyncError
from nearfield_sync.telemetry import Log

MEDIA_TYPE: Final = "application/problem+json"
_STATUS: Final[Sequence[tuple[type[CloudError], int]]] = (
    (MissingError, 404),
    (CallNotFoundError, 404),
    (CallElsewhereError, 421),
    (ShuttingDownError, 503),
    (ConflictError, 409),
    (RequestError, 400),
    (IdentityError, 401),
    (NotAllowedError, 403),
    (SizeError, 413),
    (SlowError, 408),
    (CrowdedError, 503),
    (TooMuchError, 429),
    (ConfigurationError, 500),
    (ServingError, 503),
    (StorageError, 503),
    (KnowledgeError, 503),
    (OrchestrationError, 502),
    (CallError, 400),
)
"""The first that fits."""
_CODES: Final = {
    400: "request_invalid",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "too_slow",
    413: "too_large",
    415: "media_type_unsupported",
    426: "upgrade_required",
}
_LONGEST_DETAIL: Final = 500
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "required": ["title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "One sentence for people."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """A response that says what went wrong; ``more`` are further members."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail[:_LONGEST_DETAIL],
        **more,
    }
    content = json.dumps(body, ensure_ascii=True)
    return Response(content, status, dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: CloudError) -> Response:
    """The response that an error of ours becomes."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="nearfield"'
    if isinstance(error, RateError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    elif status == 503:
        headers["Retry-After"] = "5"
    return problem(status, error.code, str(error), headers)


async def on_cloud_error(connection: HTTPConnection, error: Exception) -> Response | None:
    """An error of ours, from a route or a dependency, of HTTP or before a WebSocket was accepted."""
    if not isinstance(error, CloudError):
        raise error
    answer = problem_of(error)
    if answer.status_code >= 500:
        log: Log = structlog.get_logger()
        log.error("request_failed", code=error.code, exc_info=error)
    return await _said(connection, answer)


async def on_lower_error(connection: HTTPConnection, error: Exception) -> Response | None:
    """An error of the layers below: a database, a model."""
    if not isinstance(error, SyncError | ModelsError):
        raise error
    log: Log = structlog.get_logger()
    log.error("request_failed", code=error.code, exc_info=error)
    return await _said(connection, problem(503, error.code, "the service could not do it; its log says why"))


async def on_http_exception(connection: HTTPConnection, error: Exception) -> Response | None:
    """What routing found: no such place, or no such method there."""
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "refused")
    headers = dict(error.headers) if error.headers else None
    return await _said(connection, problem(error.status_code, code, str(error.detail), headers))


async def on_validation(connection: HTTPConnection, error: Exception) -> Response | None:
    """A body, a parameter or a header is not as the interface says."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = [
        {"where": ".".join(str(part) for part in one["loc"]), "what": str(one["msg"])}
        for one in error.errors()[:20]
    ]
    first = found[0] if found else {"where": "request", "what": "is not as the interface says"}
    detail = f"{first['where']}: {first['what']}"
    return await _said(connection, problem(422, "request_invalid", detail, errors=found))


async def _said(connection: HTTPConnection, answer: Response) -> Response | None:
    if isinstance(connection, WebSocket):
        if "websocket.http.response" in connection.scope.get("extensions", {}):
            await connection.send_denial_response(answer)
        else:
            await connection.close(1008)
        return None
    return answer
