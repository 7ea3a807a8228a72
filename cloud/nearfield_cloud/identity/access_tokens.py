"""Access tokens: short-lived, signed, and read without asking anybody.

Source: RFC 9068 (JWT profile for access tokens).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry, extract_compact

from nearfield_cloud.caller import Caller, Role
from nearfield_cloud.configuration.identity import TokenSection
from nearfield_cloud.errors import CredentialError, StorageError
from nearfield_cloud.identity.secrets import new_id
from nearfield_cloud.identity.signing_keys import SigningKeys

ALGORITHM: Final = "ES256"
LONGEST_TOKEN: Final = 8_192
"""Characters."""
_REREAD_SECONDS: Final = 5.0
_UNKNOWN: Final = "the access token is not one of this service's: ask for a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token with what it proves."""

    text: str
    caller: Caller
    life_seconds: int


class AccessTokens:
    """Issues and reads them."""

    def __init__(
        self,
        keys: SigningKeys,
        tokens: TokenSection,
        issuer: Callable[[], str],
        make_id: Callable[[], str] = new_id,
    ) -> None:
        """Prepare.

        Args:
            keys: What signs.
            tokens: Life and audience.
            issuer: The service's public URL, once it is known.
            make_id: Makes the id of a token.
        """
        self._keys = keys
        self._tokens = tokens
        self._issuer = issuer
        self._make_id = make_id

    async def issue(self, caller: Caller, now: float, life_seconds: int | None = None) -> IssuedToken:
        """Sign who somebody is; never for longer than their own proof lasts.

        Args:
            caller: Who, as proven; ``token_id`` and ``expires_at`` of the result are the token's.
            now: Seconds since 1970.
            life_seconds: Shorter than the configured life, or that.

        Raises:
            StorageError: There is no key to sign with, and none can be had.
        """
        life = min(life_seconds or self._tokens.life_seconds, self._tokens.life_seconds)
        life = int(min(life, max(1, caller.expires_at - now)))
        signing = self._keys.signing(now)
        if signing is None:
            await self._keys.rotate(now)
            signing = self._keys.signing(now)
        if signing is None:
            raise StorageError("there is no key to sign a token with")
        granted = replace(caller, token_id=self._make_id(), expires_at=float(int(now) + life))
        claims = {
            "iss": self._issuer(),
            "aud": self._tokens.audience,
            "sub": granted.subject,
            "client_id": granted.subject,
            "tenant": granted.tenant,
            "kind": granted.kind,
            "roles": sorted(granted.roles),
            "audiences": sorted(granted.audiences),
            "jti": granted.token_id,
            "iat": int(now),
            "exp": int(now) + life,
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": signing.id}
        text = jwt.encode(header, claims, signing.key, algorithms=[ALGORITHM], default_type=None)
        return IssuedToken(text=text, caller=granted, life_seconds=life)

    async def caller(self, text: str, now: float) -> Caller:
        """Who a token proves.

        Raises:
            CredentialError: It is none of ours, was altered, or is over.
            StorageError: Its key is not known here, and the database cannot be asked.
        """
        key_id = _key_id(text)
        key = self._keys.find(key_id)
        if key is None and self._keys.read_before(now) > _REREAD_SECONDS:
            await self._keys.read(now)
            key = self._keys.find(key_id)
        if key is None:
            raise CredentialError(_UNKNOWN)
        return self._checked(_claims(text, key), now)

    def _checked(self, claims: dict[str, Any], now: float) -> Caller:
        if claims.get("iss") != self._issuer() or claims.get("aud") != self._tokens.audience:
            raise CredentialError("the access token is for another service")
        try:
            caller = _caller(claims)
        except (KeyError, TypeError, ValueError) as error:
            raise CredentialError(_UNKNOWN) from error
        if caller.expires_at <= now:
            raise CredentialError("the access token is over: ask for a new one")
        return caller


def _key_id(text: str) -> str:
    if len(text) > LONGEST_TOKEN or not text.isascii():
        raise CredentialError(_UNKNOWN)
    try:
        header = extract_compact(text.encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise CredentialError(_UNKNOWN) from error
    if header.get("alg") != ALGORITHM or header.get("typ") != "at+jwt":
        raise CredentialError(_UNKNOWN)
    return str(header.get("kid"))


def _claims(text: str, key: ECKey) -> dict[str, Any]:
    try:
        return jwt.decode(text, key, registry=JWSRegistry(algorithms=[ALGORITHM])).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise CredentialError(_UNKNOWN) from error


def _caller(claims: dict[str, Any]) -> Caller:
    roles = frozenset(role for role in get_args(Role) if role in claims["roles"])
    return Caller(
        tenant=str(claims["tenant"]),
        subject=str(claims["sub"]),
        kind=claims["kind"],
        roles=roles,
        audiences=frozenset(claims["audiences"]),
        token_id=str(claims["jti"]),
        expires_at=float(claims["exp"]),
    )
