"""People log in with their own provider and get a session in a cookie that no script can read."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from nearfield_cloud.errors import LoginError
from nearfield_cloud.gateway.identification import (
    address_of,
    caller,
    parts_of,
    refuse,
    session_cookie,
)
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_cloud.gateway.routes.shapes import PROBLEMS, ProviderName
from nearfield_cloud.identity.secrets import new_secret

router: Final = APIRouter(tags=["login"], responses=PROBLEMS)
_REDIRECT: Final[dict[int | str, dict[str, Any]]] = {302: {"description": "Go on there."}}


@router.get("/login/{provider}", summary="Begin a login", status_code=302, responses=_REDIRECT)
async def begin(request: Request, provider: ProviderName) -> Response:
    """Sends the person to their provider."""
    parts = parts_of(request)
    asked = parts.identity.providers.get(provider)
    await parts.rates.require_few_refused(address_of(request))
    now, browser = parts.now(), new_secret()
    url, state, login = await asked.begin(_back(parts, provider), now)
    await parts.identity.sessions.begin_login(state, browser, login, now)
    answer = RedirectResponse(url, 302)
    # "lax" by need: the person comes back from another site.
    _set_cookie(
        answer, parts, _login_cookie(parts), browser, parts.configuration.identity.sessions.login_seconds
    )
    return answer


@router.get("/login/{provider}/back", summary="End a login", status_code=302, responses=_REDIRECT)
async def end(
    request: Request,
    provider: ProviderName,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4_096)] = "",
) -> Response:
    """Where the provider sends the person back to; opens their session."""
    parts = parts_of(request)
    asked = parts.identity.providers.get(provider)
    await parts.rates.require_few_refused(address_of(request))
    now, browser = parts.now(), request.cookies.get(_login_cookie(parts), "")
    try:
        login = await parts.identity.sessions.take_login(state, browser, provider, now)
        if not code:
            raise LoginError(f"provider {provider} did not log the person in")
        person = await asked.finish(code, login, _back(parts, provider), now)
    except LoginError as error:
        await refuse(request, parts, error)
        raise
    name = await parts.identity.sessions.open(person, now)
    answer = RedirectResponse("/", 302)
    _set_cookie(
        answer, parts, session_cookie(parts), name, parts.configuration.identity.sessions.longest_seconds
    )
    _drop_cookie(answer, parts, _login_cookie(parts))
    return answer


@router.post("/logout", summary="End the session", status_code=204)
async def logout(request: Request) -> Response:
    """Ends the session of the cookie."""
    parts = parts_of(request)
    await caller(request)
    name = request.cookies.get(session_cookie(parts))
    if name is not None:
        await parts.identity.sessions.close(name)
    answer = Response(status_code=204)
    _drop_cookie(answer, parts, session_cookie(parts))
    return answer


def _back(parts: GatewayParts, provider: str) -> str:
    return f"{parts.address.url}/login/{provider}/back"


def _login_cookie(parts: GatewayParts) -> str:
    return "__Host-nearfield_login" if parts.address.is_secure else "nearfield_login"


_SAME_SITE: Final[Literal["lax"]] = "lax"


def _set_cookie(answer: Response, parts: GatewayParts, name: str, value: str, seconds: float) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(seconds),
        path="/",
        secure=parts.address.is_secure,
        httponly=True,
        samesite=_SAME_SITE,
    )


def _drop_cookie(answer: Response, parts: GatewayParts, name: str) -> None:
    answer.delete_cookie(name, path="/", secure=parts.address.is_secure, httponly=True, samesite=_SAME_SITE)
