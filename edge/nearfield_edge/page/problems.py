"""What went wrong, as ``application/problem+json`` (RFC 9457) with a stable code."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nearfield_edge.errors import EdgeError


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A response that says what went wrong."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    return Response(
        json.dumps(body, ensure_ascii=False), status, headers, media_type="application/problem+json"
    )


async def on_http_exception(request: Request, error: Exception) -> Response:
    """What routing found: no such place, or no such method there."""
    if not isinstance(error, HTTPException):
        raise error
    codes = {404: "not_found", 405: "method_not_allowed"}
    headers = dict(error.headers) if error.headers else None
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return problem(error.status_code, codes.get(error.status_code, "refused"), detail, headers)


async def on_fault(request: Request, error: Exception) -> Response:
    """A fault of ours; it is logged where it was raised to."""
    del request, error
    return problem(500, "internal_error", "the device could not answer; its log says why")


async def on_edge_error(request: Request, error: Exception) -> Response:
    """The device could not do it, such as read its records."""
    if not isinstance(error, EdgeError):
        raise error
    return problem(503, error.code, str(error))
