"""The application: routes, what stands around them, and how it describes itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from nearfield_cloud.errors import CloudError
from nearfield_cloud.gateway.bounds import AddressRates, Bounds
from nearfield_cloud.gateway.envelope import Envelope
from nearfield_cloud.gateway.idempotency import Idempotency, KeptAnswers
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_cloud.gateway.problems import (
    SCHEMA,
    on_cloud_error,
    on_http_exception,
    on_lower_error,
    on_validation,
)
from nearfield_cloud.gateway.routes import credentials, devices, login, me, oauth
from nearfield_cloud.identity.revocations import FRESH_SECONDS
from nearfield_models.errors import ModelsError
from nearfield_sync.errors import SyncError
from nearfield_sync.telemetry import Log

_ROTATED_EVERY_SECONDS: Final = 30.0
_PRUNED_EVERY_SECONDS: Final = 600.0
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key."},
    "basic": {"type": "http", "scheme": "basic", "description": "An application at the token endpoint."},
}
_OPEN: Final = ("/oauth/", "/.well-known/", "/login/")


def gateway_app(parts: GatewayParts) -> FastAPI:
    """The application; routers of others are in ``parts``."""
    app = FastAPI(
        title="Nearfield cloud",
        version=version("nearfield"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan,
        middleware=_middleware(parts),
        redirect_slashes=False,
    )
    app.state.gateway = parts
    # Starlette's annotation knows handlers of any exception and of requests only; it calls each for its kind,
    # and for WebSockets as well.
    app.add_exception_handler(CloudError, on_cloud_error)  # type: ignore[arg-type]
    app.add_exception_handler(SyncError, on_lower_error)  # type: ignore[arg-type]
    app.add_exception_handler(ModelsError, on_lower_error)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, on_http_exception)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, on_validation)  # type: ignore[arg-type]
    own = (oauth.router, me.router, devices.router, credentials.API_KEYS, credentials.CLIENTS, login.router)
    for router in (*own, *parts.routers):
        app.include_router(router)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _middleware(parts: GatewayParts) -> list[Middleware]:
    """From the outside to the inside."""
    limits, server = parts.configuration.limits, parts.configuration.server
    answers = KeptAnswers(parts.storage, limits.idempotency, parts.sealing)
    around = [
        Middleware(
            Envelope,
            counters=parts.counters,
            is_secure=lambda: parts.address.is_secure,
            on_answered=parts.on_answered,
        )
    ]
    if server.origins:
        around.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(server.origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=[
                    "Authorization",
                    "Content-Type",
                    "Idempotency-Key",
                    "X-Request-Id",
                    "traceparent",
                ],
                expose_headers=["Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
                allow_credentials=True,
                max_age=600,
            )
        )
    return [
        *around,
        Middleware(AddressRates, rates=parts.rates),
        Middleware(Bounds, limits=limits.request),
        Middleware(Idempotency, answers=answers, section=limits.idempotency, now=parts.now),
    ]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    parts: GatewayParts = app.state.gateway
    await parts.identity.signing_keys.rotate(parts.now())
    await parts.identity.revocations.refresh(parts.now())
    tasks = [
        asyncio.create_task(_again_and_again(parts, "rotate", _ROTATED_EVERY_SECONDS)),
        asyncio.create_task(_again_and_again(parts, "refresh", FRESH_SECONDS)),
        asyncio.create_task(_again_and_again(parts, "prune", _PRUNED_EVERY_SECONDS)),
        *(asyncio.ensure_future(work()) for work in parts.beside),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(parts: GatewayParts, what: str, every_seconds: float) -> None:
    work = {
        "rotate": parts.identity.signing_keys.rotate,
        "refresh": parts.identity.revocations.refresh,
        "prune": parts.storage.prune,
    }[what]
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await work(parts.now())
        except CloudError as error:
            parts.counters.add("nearfield_upkeep_failed_total", what=what)
            log: Log = structlog.get_logger()
            log.warning("upkeep_failed", what=what, exc_info=error)


def _described(app: FastAPI) -> dict[str, Any]:
    """The interface as OpenAPI, with its one form of errors and how to prove who asks."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = dict(SCHEMA)
        components["securitySchemes"] = dict(_SECURITY)
        form = schema["paths"][oauth.TOKEN_PATH]["post"]["requestBody"]
        form["required"] = True
        form["content"]["application/x-www-form-urlencoded"]["schema"] = dict(oauth.FORM_SCHEMA)
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                default: list[dict[str, list[str]]] = [] if path.startswith(_OPEN) else [{"bearer": []}]
                operation.setdefault("security", default)
        app.openapi_schema = schema
    return app.openapi_schema
