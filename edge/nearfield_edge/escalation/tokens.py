"""The token that the device shows the cloud: bought with its certificate, or a key from a file for trials."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from nearfield_edge.errors import ConfigurationError, LinkError
from nearfield_edge.escalation.requests import CloudRequests, read_secret
from nearfield_provisioning.device_identity import ASSERTION_TYPE, load_device_identity
from nearfield_provisioning.errors import ProvisioningError
from nearfield_sync.clock import is_plausible

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
LONGEST_LIFE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is shown, and for how long it will do."""

    value: str = field(repr=False)
    lives_seconds: float


class Tokens(Protocol):
    """Gets tokens."""

    async def fetch(self) -> Token:
        """A token that was never given before its end.

        Raises:
            LinkError: By the names in `failures`.
        """
        ...


class KeyFileTokens:
    """An API key from a file, read each time: it may be replaced while the device runs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def fetch(self) -> Token:
        """The key.

        Raises:
            LinkError: The file cannot be read (``credential_failed``).
        """
        try:
            value = await asyncio.to_thread(read_secret, self._path, "cloud.api_key_file")
        except ConfigurationError as error:
            raise LinkError(str(error), code="credential_failed") from error
        return Token(value=value, lives_seconds=float("inf"))


class CertificateTokens:
    """Access tokens for assertions signed with the device's key.

    The certificate is read each time, for it is renewed while the device runs.
    """

    def __init__(
        self, requests: CloudRequests, key: Path, certificates: Path, now: Callable[[], datetime]
    ) -> None:
        self._requests = requests
        self._key = key
        self._certificates = certificates
        self._now = now

    async def fetch(self) -> Token:
        """Sign who this is and exchange it.

        Raises:
            LinkError: The certificate cannot be used, or the cloud does not take it.
        """
        self._requests.check_egress()
        client_id, assertion = await asyncio.to_thread(self._sign)
        answer = await self._requests.post(
            TOKEN_PATH,
            form={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion,
            },
        )
        return _token(answer.body, self._requests.where)

    def _sign(self) -> tuple[str, str]:
        now = self._now()
        try:
            identity = load_device_identity(self._key, self._certificates)
            begins = identity.chain[0].not_valid_before_utc
            if now < begins:
                raise _outside(f"is valid only from {begins:%Y-%m-%d %H:%M} UTC", now)
            if now >= identity.expires_at:
                raise _outside(f"was valid until {identity.expires_at:%Y-%m-%d %H:%M} UTC", now)
            return identity.client_id, identity.assertion(self._requests.url + TOKEN_PATH, now)
        except ProvisioningError as error:
            raise LinkError(str(error), code="credential_failed") from error


def _outside(how: str, now: datetime) -> LinkError:
    clock = f"this device's clock says {now:%Y-%m-%d %H:%M} UTC"
    if not is_plausible(now):
        return LinkError(
            f"the device's certificate {how}; {clock}, which cannot be: set it", code="clock_wrong"
        )
    code = "own_certificate_not_yet_valid" if "from" in how else "own_certificate_expired"
    return LinkError(f"the device's certificate {how}; {clock}: set the clock or renew it", code=code)


def _token(body: bytes, where: str) -> Token:
    try:
        told = json.loads(body)
        value, lives_seconds = told["access_token"], float(told.get("expires_in", 300))
        if not isinstance(value, str) or not value.isascii() or not lives_seconds > 0:
            raise ValueError("no token")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LinkError(f"{where}: its token endpoint gave no token", code="answer_invalid") from error
    return Token(value=value, lives_seconds=min(lives_seconds, LONGEST_LIFE_SECONDS))
