"""A device's proof of who it is: its key, its certificates, and the assertion that it asks for tokens with.

A token endpoint behind a proxy never sees the certificate of a TLS connection. The device therefore signs a
short statement with its key and sends its certificates along (`private_key_jwt` with `x5c`).

Source: RFC 7521, RFC 7523 (assertions), RFC 7515 §4.1.6 and §4.1.8 (`x5c`, `x5t#S256`).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey

from nearfield_provisioning.device_name import DeviceName, device_name
from nearfield_provisioning.errors import DeviceIdentityError, DeviceNameError
from nearfield_provisioning.private_file import LONGEST_BYTES, read_private

ALGORITHM: Final = "ES256"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The ``client_assertion_type`` beside an assertion."""
LONGEST_LIFE: Final = timedelta(seconds=60)
"""Of an assertion: one that is stolen is of use for no longer, and once."""
LONGEST_CHAIN: Final = 4
"""Certificates, the device's own counted."""


class DeviceIdentity:
    """A key with the certificates that say whose it is.

    Args:
        key: On P-256; it never leaves this object.
        chain: The device's own certificate first, then those between it and the root; without the root.
        new_id: Makes the id of an assertion, never the same twice.

    Raises:
        DeviceIdentityError: Key and certificate do not belong together, or it is no device's.
    """

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        chain: Sequence[x509.Certificate],
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(16),
    ) -> None:
        if not 1 <= len(chain) <= LONGEST_CHAIN:
            raise DeviceIdentityError(f"{len(chain)} certificates: 1 to {LONGEST_CHAIN} were expected")
        if not isinstance(key.curve, ec.SECP256R1):
            raise DeviceIdentityError(f"the key is on {key.curve.name}, expected P-256")
        certificate = chain[0]
        if certificate.public_key() != key.public_key():
            raise DeviceIdentityError("the first certificate is not of this key: put the device's own first")
        self.name = name_in(certificate)
        self.chain = tuple(chain)
        self._key = ECKey.import_key(key)
        self._new_id = new_id
        self._header = {
            "alg": ALGORITHM,
            "typ": "JWT",
            "x5c": [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in chain],
            "x5t#S256": _base64url(certificate.fingerprint(SHA256())),
        }

    @property
    def client_id(self) -> str:
        """Under which the token endpoint knows the device."""
        return self.name.uri

    @property
    def expires_at(self) -> datetime:
        """When the certificate is over."""
        return self.chain[0].not_valid_after_utc

    @property
    def renew_at(self) -> datetime:
        """Two thirds of the certificate's life: from then on a new one is to be asked for."""
        begins = self.chain[0].not_valid_before_utc
        return begins + (self.expires_at - begins) * 2 / 3

    def assertion(self, audience: str, now: datetime, life: timedelta = LONGEST_LIFE) -> str:
        """Sign who this is, for one token endpoint and one use.

        Args:
            audience: The token endpoint's URL, or its issuer.
            now: The wall clock, aware. A device whose clock is wrong by more than the endpoint forgives is
                refused.
            life: At most a minute.

        Raises:
            DeviceIdentityError: ``life`` is longer or none, or the certificate is over.
        """
        if not timedelta(0) < life <= LONGEST_LIFE:
            raise DeviceIdentityError(f"an assertion lives for up to {LONGEST_LIFE.seconds} s, not {life}")
        if now >= self.expires_at:
            raise DeviceIdentityError(
                f"the certificate of {self.client_id} was valid until {self.expires_at:%Y-%m-%d %H:%M} UTC:"
                " ask for a new one"
            )
        issued = int(now.timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "jti": self._new_id(),
            "iat": issued,
            "exp": issued + int(life.total_seconds()),
        }
        return jwt.encode(self._header, claims, self._key, algorithms=[ALGORITHM])


def load_device_identity(key: Path, chain: Path) -> DeviceIdentity:
    """Read a key (PEM, mode 0600) and its certificates (PEM, the device's own first).

    Raises:
        DeviceIdentityError: They cannot be read, do not belong together, or are no device's.
        PrivateFileError: The key cannot be read, or others may read it.
    """
    try:
        private = load_pem_private_key(read_private(key), password=None)
    except (ValueError, TypeError) as error:
        raise DeviceIdentityError(f"{key} holds no key in PEM without a password") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise DeviceIdentityError(f"{key} holds a key of another kind: P-256 was expected")
    try:
        with chain.open("rb") as file:
            certificates = x509.load_pem_x509_certificates(file.read(LONGEST_BYTES))
    except OSError as error:
        raise DeviceIdentityError(f"{chain} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DeviceIdentityError(f"{chain} holds no certificates in PEM") from error
    return DeviceIdentity(private, certificates)


def name_in(certificate: x509.Certificate) -> DeviceName:
    """The device that a certificate is of, by its URI alone.

    Raises:
        DeviceIdentityError: It names none, or several.
    """
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (uri,) = held.get_values_for_type(x509.UniformResourceIdentifier)
        return device_name(uri)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError, DeviceNameError) as error:
        raise DeviceIdentityError(f"the certificate is no device's: {error}") from error


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
