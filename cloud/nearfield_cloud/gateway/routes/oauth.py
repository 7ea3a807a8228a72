"""Where applications and devices get access tokens, and where the keys are published.

Source: RFC 6749 §2.3 and §4.4, RFC 7523 §2.2, RFC 8414 (metadata), RFC 7517 (keys).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import CloudError, CredentialError, IdentityError, RequestError
from nearfield_cloud.gateway.identification import address_of, parts_of, refuse
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_cloud.gateway.problems import MEDIA_TYPE, problem_of
from nearfield_cloud.gateway.routes.shapes import PROBLEMS, TokenAnswer
from nearfield_cloud.identity.statements import LONGEST_STATEMENT, verified_statement
from nearfield_provisioning.device_identity import ALGORITHM, ASSERTION_TYPE

router: Final = APIRouter(tags=["identity"], responses=PROBLEMS)
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 (a path)
_PASSWORD_LENGTH: Final = 200
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": _PASSWORD_LENGTH}
_ANYWAY: Final = {
    "grant_type": {"const": "client_credentials"},
    "scope": {"type": "string", "maxLength": 200},
}
FORM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "oneOf": [
        {
            "title": "With the secret in the header",
            "properties": _ANYWAY,
            "required": ["grant_type"],
            "additionalProperties": False,
        },
        {
            "title": "With the secret in the form",
            "properties": {**_ANYWAY, "client_id": _TEXT, "client_secret": _TEXT},
            "required": ["grant_type", "client_id", "client_secret"],
            "additionalProperties": False,
        },
        {
            "title": "With a device's signed statement",
            "properties": {
                **_ANYWAY,
                "client_assertion_type": {"const": ASSERTION_TYPE},
                "client_assertion": {"type": "string", "minLength": 1, "maxLength": LONGEST_STATEMENT},
            },
            "required": ["grant_type", "client_assertion_type", "client_assertion"],
            "additionalProperties": False,
        },
    ],
}
"""What a form may be; fields are read one by one, since what is wrong is to be said as OAuth says it."""
_Short = Annotated[str | None, Form(max_length=_PASSWORD_LENGTH)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the form says."""

    client_id: str | None
    client_secret: str | None
    assertion_type: str | None
    assertion: str | None


@router.post(
    TOKEN_PATH,
    summary="Get an access token",
    response_model=TokenAnswer,
    openapi_extra={"security": [{}, {"basic": []}]},
)
async def token(
    request: Request,
    grant_type: _Short = None,
    client_id: _Short = None,
    client_secret: _Short = None,
    client_assertion_type: _Short = None,
    client_assertion: Annotated[str | None, Form(max_length=LONGEST_STATEMENT)] = None,
    scope: _Short = None,
) -> Response:
    """Client credentials, proven by a secret (basic or in the form) or by a device's signed statement.

    Errors are problem documents that also carry ``error`` and ``error_description`` of OAuth. A ``scope`` may
    be sent and changes nothing: what a client may do follows from its roles.
    """
    del scope
    parts = parts_of(request)
    wish = _Wish(
        client_id=client_id,
        client_secret=client_secret,
        assertion_type=client_assertion_type,
        assertion=client_assertion,
    )
    try:
        await parts.rates.require_few_refused(address_of(request))
        if grant_type is None:
            raise RequestError("grant_type is missing: client_credentials was expected")
        if grant_type != "client_credentials":
            return _oauth_problem(
                RequestError("grant_type must be client_credentials"), "unsupported_grant_type"
            )
        caller = await _client(request, parts, wish)
        await parts.rates.of_caller(caller)
        issued = await parts.identity.tokens.issue(caller, parts.now())
    except IdentityError as error:
        await refuse(request, parts, error)
        return _oauth_problem(error, "invalid_client")
    except RequestError as error:
        return _oauth_problem(error, "invalid_request")
    answer = TokenAnswer(access_token=issued.text, expires_in=issued.life_seconds)
    return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


@router.get("/.well-known/jwks.json", summary="The keys that sign access tokens")
async def keys(request: Request, response: Response) -> dict[str, Any]:
    """Public halves; a new one stands here before it signs."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return {"keys": parts_of(request).identity.signing_keys.published()}


@router.get("/.well-known/oauth-authorization-server", summary="What the token endpoint takes")
async def metadata(request: Request, response: Response) -> dict[str, Any]:
    """RFC 8414."""
    url = parts_of(request).address.url
    response.headers["Cache-Control"] = "public, max-age=300"
    return {
        "issuer": url,
        "token_endpoint": url + TOKEN_PATH,
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
    }


async def _client(request: Request, parts: GatewayParts, wish: _Wish) -> Caller:
    header = request.headers.get("authorization")
    ways = [header is not None, wish.client_secret is not None, wish.assertion is not None]
    if sum(ways) > 1:
        raise RequestError("a client proves who it is in one way, not in several")
    if wish.assertion is not None:
        if wish.assertion_type != ASSERTION_TYPE:
            raise RequestError(f"client_assertion_type must be {ASSERTION_TYPE}")
        return await _device(parts, wish.assertion, wish.client_id)
    if header is not None:
        client, secret = _basic(header)
    elif wish.client_id is None or wish.client_secret is None:
        raise CredentialError("who asks? Send client_id and client_secret, or client_assertion")
    else:
        client, secret = wish.client_id, wish.client_secret
    return await parts.identity.credentials.caller_by_secret("client", client, secret, parts.now())


async def _device(parts: GatewayParts, assertion: str, client_id: str | None) -> Caller:
    now = parts.clock.utc_now()
    trust = await parts.identity.trust.current(now)
    url = parts.address.url
    statement = verified_statement(
        assertion,
        trust=trust,
        audiences=(url + TOKEN_PATH, url),
        now=now,
        leeway_seconds=parts.configuration.identity.tokens.leeway_seconds,
    )
    name = statement.name
    if client_id is not None and client_id != name.uri:
        raise CredentialError(f"client_id must be {name.uri}, as in the certificate, or be left out")
    await parts.identity.used_statements.use(name.uri, statement.id, statement.remembered_until)
    await parts.identity.devices.admit(
        name, statement.certificate_serial, statement.certificate_expires_at, now.timestamp()
    )
    return Caller(
        tenant=name.tenant,
        subject=name.device,
        kind="device",
        roles=frozenset({"device"}),
        token_id=f"{statement.certificate_serial:x}",
        expires_at=statement.certificate_expires_at,
    )


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > 4 * _PASSWORD_LENGTH:
        raise CredentialError("the token endpoint takes 'Authorization: Basic …' or a form")
    try:
        client, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise CredentialError("the header Authorization holds no client and secret") from error
    if not colon:
        raise CredentialError("the header Authorization holds no client and secret")
    return unquote_plus(client), unquote_plus(secret)


def _oauth_problem(error: CloudError, oauth_error: str) -> Response:
    """A problem document that clients of OAuth understand too."""
    answer = problem_of(error)
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="nearfield"'
    body = {**json.loads(bytes(answer.body)), "error": oauth_error, "error_description": str(error)}
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
    return Response(json.dumps(body), answer.status_code, headers, media_type=MEDIA_TYPE)
