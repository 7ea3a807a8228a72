"""A small real provider of identity: discovery, keys, a login that succeeds, codes with PKCE, signatures."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from nearfield_cloud.gateway.server import bind
from tests.fakes.clock import SettableClock

CLIENT, SECRET = "nearfield", "a secret of the client's"


@dataclass
class Provider:
    """The provider, and what a test makes of it."""

    url: str
    clock: SettableClock
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, private=True))
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ada", "groups": ["managers"]})
    claims: dict[str, Any] = field(default_factory=dict)
    """Said instead of the truth."""
    signer: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    def keys(self, request: Request) -> Response:
        public = self.key.as_dict(private=False)
        return JSONResponse({"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT or asked.get("code_challenge_method") != "S256":
            return Response("no such client, or no PKCE", 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        asked = self.codes.pop(str(form.get("code")), None)
        challenge = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or request.headers.get("authorization") != expected
            or form.get("redirect_uri") != asked["redirect_uri"]
            or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self.clock.utc_now().timestamp())
        claims = {
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"],
            **self.person, **self.claims,
        }  # fmt: skip
        proof = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.signer or self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": proof})


@asynccontextmanager
async def provider(clock: SettableClock) -> AsyncIterator[Provider]:
    """Start one on a free port."""
    bound = bind("127.0.0.1", 0)
    it = Provider(url=f"http://127.0.0.1:{bound.getsockname()[1]}", clock=clock)
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", it.discovery),
            Route("/keys", it.keys),
            Route("/authorize", it.authorize),
            Route("/token", it.token, methods=["POST"]),
        ]
    )
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield it
    finally:
        server.should_exit = True
        await serving
