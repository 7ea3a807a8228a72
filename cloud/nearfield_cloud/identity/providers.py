"""Providers of people's identity: a person logs in there and comes back with proof (OpenID Connect).

The code flow with PKCE; what the provider says is believed only with its signature, for this client and this
login.

Source: OpenID Connect Core 1.0 §3.1, RFC 7636.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from nearfield_cloud.caller import Caller, Role
from nearfield_cloud.configuration.identity import ProviderSection
from nearfield_cloud.errors import ConfigurationError, LoginError, MissingError
from nearfield_cloud.identity.sessions import Login

_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
_SECONDS: Final = 10.0
_LEEWAY_SECONDS: Final = 30.0
_FRESH_SECONDS: Final = 3_600.0
_LONGEST_ANSWER: Final = 256 * 1024
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a provider says about itself."""

    authorization_endpoint: str
    token_endpoint: str
    keys: KeySet
    read_at: float


class Provider:
    """One of them. Its address comes from the configuration, never from a request."""

    def __init__(self, name: str, section: ProviderSection) -> None:
        """Prepare; nobody is asked yet.

        Raises:
            ConfigurationError: The address is not https, or the secret cannot be read.
        """
        address = urlsplit(section.issuer)
        if address.scheme != "https" and address.hostname not in _LOOPBACK:
            raise ConfigurationError(f"identity.providers.{name}.issuer must be https")
        self.name = name
        self._section = section
        self._secret = _secret(name, section)
        self._facts: _Facts | None = None

    async def begin(self, back: str, now: float) -> tuple[str, str, Login]:
        """Where to send the person, and what to remember until they are back.

        Args:
            back: Where they come back to.
            now: Seconds since 1970.

        Raises:
            LoginError: The provider does not answer.
        """
        facts = await self._known(now)
        login = Login(provider=self.name, verifier=secrets.token_urlsafe(48), nonce=secrets.token_urlsafe(24))
        async with self._client(back) as client:
            url, state = client.create_authorization_url(
                facts.authorization_endpoint, code_verifier=login.verifier, nonce=login.nonce
            )
        return str(url), str(state), login

    async def finish(self, code: str, login: Login, back: str, now: float) -> Caller:
        """Who has logged in.

        Raises:
            LoginError: The provider does not vouch for them, or they have no role here.
        """
        facts = await self._known(now)
        try:
            async with self._client(back) as client:
                answer = await client.fetch_token(
                    facts.token_endpoint, code=code, code_verifier=login.verifier
                )
        except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
            raise LoginError(
                f"provider {self.name} did not take the login: {type(error).__name__}"
            ) from error
        claims = self._claims(answer, facts.keys)
        self._check(claims, login, now)
        return self._caller(claims)

    def _claims(self, answer: Mapping[str, Any], keys: KeySet) -> dict[str, Any]:
        token = answer.get("id_token")
        if not isinstance(token, str) or len(token) > _LONGEST_ANSWER:
            raise LoginError(f"provider {self.name} gave no proof of who logged in")
        registry = JWSRegistry(algorithms=_ALGORITHMS)
        registry.max_header_length = 4_096
        try:
            return jwt.decode(token, keys, registry=registry).claims
        except (JoseError, ValueError, TypeError) as error:
            raise LoginError(f"provider {self.name} signed with a key that is not its own") from error

    def _check(self, claims: Mapping[str, Any], login: Login, now: float) -> None:
        section = self._section
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires, issued = claims.get("exp"), claims.get("iat")
        fits = (
            claims.get("iss") == section.issuer
            and section.client_id in audiences
            and (len(audiences) == 1 or claims.get("azp") == section.client_id)
            and claims.get("nonce") == login.nonce
            and isinstance(claims.get("sub"), str)
        )
        if not fits:
            raise LoginError(f"provider {self.name} vouched for another login")
        if not isinstance(expires, int | float) or not isinstance(issued, int | float):
            raise LoginError(f"provider {self.name} gave a proof without a time")
        if expires + _LEEWAY_SECONDS <= now or issued - _LEEWAY_SECONDS > now:
            raise LoginError(f"the proof of provider {self.name} is over: see that both clocks are right")

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        given = claims.get(self._section.roles_claim, [])
        values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        roles: frozenset[Role] = frozenset(_named(values, self._section.roles))
        if not roles:
            raise LoginError(
                f"who logged in has no role here: provider {self.name} names none in"
                f" {self._section.roles_claim}"
            )
        # The provider's own id may be an address of e-mail; what stands in logs is not.
        subject = hashlib.sha256(f"{self._section.issuer}\n{claims['sub']}".encode()).hexdigest()[:32]
        return Caller(
            tenant=self._section.tenant,
            subject=f"{self.name}-{subject}",
            kind="person",
            roles=roles,
            audiences=frozenset(_named(values, self._section.audiences)),
        )

    async def _known(self, now: float) -> _Facts:
        if self._facts is None or now - self._facts.read_at > _FRESH_SECONDS:
            self._facts = await self._read(now)
        return self._facts

    async def _read(self, now: float) -> _Facts:
        place = self._section.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            async with httpx2.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
                facts = await _json(client, place)
                if facts["issuer"] != self._section.issuer:
                    raise LoginError(f"provider {self.name} calls itself {facts['issuer']!r}")
                keys = await _json(client, str(facts["jwks_uri"]))
            return _Facts(
                authorization_endpoint=str(facts["authorization_endpoint"]),
                token_endpoint=str(facts["token_endpoint"]),
                keys=KeySet.import_key_set({"keys": keys["keys"]}),
                read_at=now,
            )
        except (httpx2.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            raise LoginError(
                f"provider {self.name} cannot be asked at {place}: {type(error).__name__}"
            ) from error

    def _client(self, back: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self._section.client_id,
            client_secret=self._secret,
            scope=self._section.scope,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=_SECONDS,
            trust_env=False,
        )


class Providers:
    """Those that the configuration names."""

    def __init__(self, sections: Mapping[str, ProviderSection]) -> None:
        """Prepare them.

        Raises:
            ConfigurationError: One cannot be used.
        """
        self._providers = {name: Provider(name, section) for name, section in sections.items()}

    def get(self, name: str) -> Provider:
        """One of them.

        Raises:
            MissingError: There is none of that name.
        """
        found = self._providers.get(name)
        if found is None:
            raise MissingError(f"there is no provider {name[:80]!r}")
        return found

    @property
    def names(self) -> list[str]:
        """Of all of them."""
        return sorted(self._providers)


def _named(values: Iterable[object], table: Mapping[str, Any]) -> list[Any]:
    return [table[value] for value in values if isinstance(value, str) and value in table]


def _secret(name: str, section: ProviderSection) -> str | None:
    path = section.client_secret_file
    if path is None:
        return None
    try:
        return path.read_text("utf-8").splitlines()[0].strip()
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise ConfigurationError(
            f"identity.providers.{name}.client_secret_file {path} holds no line"
        ) from error


async def _json(client: httpx2.AsyncClient, place: str) -> dict[str, Any]:
    answer = await client.get(place)
    answer.raise_for_status()
    if len(answer.content) > _LONGEST_ANSWER:
        raise ValueError("an answer that is too long")
    found = answer.json()
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found
