"""A device's signed statement of who it is, checked: a function of its text, the trust and the time.

Source: RFC 7523 §3 (assertions for client authentication), RFC 7515 §4.1.6 (``x5c``).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry, extract_compact

from nearfield_cloud.errors import CertificateError, StatementError
from nearfield_cloud.identity.trust import Trust
from nearfield_provisioning.device_identity import ALGORITHM, LONGEST_CHAIN, LONGEST_LIFE, name_in
from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.errors import DeviceIdentityError

LONGEST_STATEMENT: Final = 16_384
"""Characters, with four certificates."""
_LONGEST_ID: Final = 128
_SHORTEST_ID: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatement:
    """What a valid statement says."""

    name: DeviceName
    id: str
    """Given once by the device."""
    remembered_until: float
    """For how long its id must be known as used; seconds since 1970."""
    certificate_serial: int
    certificate_expires_at: float


def verified_statement(
    text: str, *, trust: Trust, audiences: Collection[str], now: datetime, leeway_seconds: float
) -> DeviceStatement:
    """Check all of a statement but whether it was used before.

    Args:
        text: The assertion as it arrived.
        trust: Roots and what they took back.
        audiences: Under which this endpoint is addressed.
        now: The wall clock, aware.
        leeway_seconds: Forgiven difference of clocks.

    Raises:
        StatementError: It is none, is not signed by the certificate's key, for another endpoint, or over.
        CertificateError: The certificate is no device's, not trusted, over or taken back.
    """
    chain = _chain(text)
    trust.verify(chain, now)
    try:
        name = name_in(chain[0])
    except DeviceIdentityError as error:
        raise CertificateError(str(error)) from error
    claims = _claims(text, chain[0])
    if not claims.get("iss") == claims.get("sub") == name.uri:
        raise StatementError(f"the assertion's iss and sub must both be {name.uri}, as in its certificate")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(one, str) and one in audiences for one in named):
        raise StatementError(f"the assertion is for another endpoint: aud must be {min(audiences)}")
    expires_at = _expiry(claims, now.timestamp(), leeway_seconds)
    statement_id = claims.get("jti")
    if not isinstance(statement_id, str) or not _SHORTEST_ID <= len(statement_id) <= _LONGEST_ID:
        raise StatementError(f"the assertion's jti must have {_SHORTEST_ID} to {_LONGEST_ID} characters")
    return DeviceStatement(
        name=name,
        id=statement_id,
        remembered_until=expires_at + leeway_seconds + 1,
        certificate_serial=chain[0].serial_number,
        certificate_expires_at=chain[0].not_valid_after_utc.timestamp(),
    )


def _expiry(claims: dict[str, Any], now: float, leeway: float) -> float:
    expires_at, begins = (
        _seconds(claims, "exp"),
        max(_seconds(claims, "iat", now), _seconds(claims, "nbf", now)),
    )
    longest = LONGEST_LIFE.total_seconds()
    if expires_at + leeway <= now:
        raise StatementError("the assertion is over: see that the device's clock is right")
    if expires_at > now + longest + leeway or begins > now + leeway:
        raise StatementError(
            f"the assertion lasts for more than {longest:.0f} s from now: see that the device's clock"
            " is right"
        )
    return expires_at


def _seconds(claims: dict[str, Any], name: str, default: float | None = None) -> float:
    value = claims.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e11:
        raise StatementError(f"the assertion's {name} must be a number of seconds since 1970")
    return float(value)


def _chain(text: str) -> Sequence[x509.Certificate]:
    if len(text) > LONGEST_STATEMENT or not text.isascii():
        raise StatementError(f"an assertion has at most {LONGEST_STATEMENT} characters of ASCII")
    try:
        header = extract_compact(text.encode(), registry=_registry()).headers()
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise StatementError("the assertion is no signed JWT") from error
    if header.get("alg") != ALGORITHM:
        raise StatementError(f"the assertion must be signed with {ALGORITHM}")
    encoded = header.get("x5c")
    if not isinstance(encoded, list) or not 1 <= len(encoded) <= LONGEST_CHAIN:
        raise StatementError(f"the assertion's x5c must hold 1 to {LONGEST_CHAIN} certificates")
    try:
        chain = [x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in encoded]
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm) as error:
        raise StatementError("the assertion's x5c holds no certificates") from error
    thumbprint = base64.urlsafe_b64encode(chain[0].fingerprint(SHA256())).rstrip(b"=").decode()
    if header.get("x5t#S256", thumbprint) != thumbprint:
        raise StatementError("the assertion's x5t#S256 is of another certificate than its x5c")
    return chain


def _claims(text: str, certificate: x509.Certificate) -> dict[str, Any]:
    try:
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise CertificateError("the certificate's key is of another kind: P-256 was expected")
        return jwt.decode(text, ECKey.import_key(key), registry=_registry()).claims
    except (JoseError, ValueError, TypeError, RecursionError, UnsupportedAlgorithm) as error:
        raise StatementError("the assertion is not signed by its certificate's key") from error


def _registry() -> JWSRegistry:
    registry = JWSRegistry(algorithms=[ALGORITHM])
    registry.max_header_length = LONGEST_STATEMENT
    return registry
