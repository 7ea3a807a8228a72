"""Signs devices' certificates, records each, and publishes which were taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.errors import RequestRefusedError
from nearfield_provisioning.issuer.authority import Authority, ensure_authority
from nearfield_provisioning.issuer.register import Issued, Register
from nearfield_provisioning.private_file import write_private

DEVICE_LIFE: Final = timedelta(days=90)
"""Renewed after 60 days, which leaves a device 30 to be without a network."""
LONGEST_REQUEST_BYTES: Final = 16 * 1024
_LIST_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerFiles:
    """Where an issuer keeps what it must not lose."""

    folder: Path

    @property
    def key(self) -> Path:
        """The root's key, PEM."""
        return self.folder / "root.key"

    @property
    def certificate(self) -> Path:
        """The root's certificate, PEM: what a verifier trusts."""
        return self.folder / "root.pem"

    @property
    def register(self) -> Path:
        """What was issued."""
        return self.folder / "issued.db"

    @property
    def revocations(self) -> Path:
        """The revocation list, PEM: what a verifier asks."""
        return self.folder / "revoked.pem"


class Issuer:
    """One root with its register. Its methods compute and write: call them in a thread."""

    def __init__(self, authority: Authority, register: Register, revocations: Path) -> None:
        self._authority = authority
        self._register = register
        self._revocations = revocations

    @property
    def root(self) -> x509.Certificate:
        """What a verifier trusts."""
        return self._authority.certificate

    def sign(
        self, request: bytes, name: DeviceName, now: datetime, *, life: timedelta = DEVICE_LIFE
    ) -> x509.Certificate:
        """Certify the key of a certificate signing request.

        Args:
            request: PKCS #10 in PEM; its key and its signature are used, its names and wishes are not.
            name: Whose key it is, as the caller has found out.
            now: The wall clock.
            life: How long it is valid.

        Raises:
            RequestRefusedError: It is no request, its key is of another kind, or it did not sign it.
            DatabaseError: The serial cannot be recorded; nothing was issued.
        """
        return self._certify(_requested_key(request), name, now, life)

    def make_device(
        self, name: DeviceName, now: datetime, *, life: timedelta = DEVICE_LIFE
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        """A device's key and certificate, for a demonstration or a test; a real key is made on the device.

        Raises:
            DatabaseError: The serial cannot be recorded; nothing was issued.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        return key, self._certify(key.public_key(), name, now, life)

    def issued_to(self, name: DeviceName) -> Sequence[Issued]:
        """What a device was issued, the latest first."""
        return self._register.of(name)

    def revoke(self, serial: int, now: datetime) -> None:
        """Take a certificate back, and publish that.

        Raises:
            IssuerError: No such serial was issued.
        """
        self._register.revoke(serial, now)
        self.publish(now)

    def revoke_device(self, name: DeviceName, now: datetime) -> int:
        """Take all of a device's certificates back, and publish that; gives how many there are."""
        found = self._register.of(name)
        for one in found:
            self._register.revoke(one.serial, now)
        self.publish(now)
        return len(found)

    def publish(self, now: datetime) -> None:
        """Write the revocation list anew; it holds for a week.

        Source: RFC 5280 §5.

        Raises:
            PrivateFileError: It cannot be written.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(now)
            .next_update(now + _LIST_LIFE)
        )
        for one in self._register.revoked(now):
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(one.revoked_at or now).build())
        signed = builder.sign(self._authority.key, SHA256())
        write_private(self._revocations, signed.public_bytes(Encoding.PEM))

    def close(self) -> None:
        """Close the register."""
        self._register.close()

    def _certify(
        self, key: ec.EllipticCurvePublicKey, name: DeviceName, now: datetime, life: timedelta
    ) -> x509.Certificate:
        serial = x509.random_serial_number()
        certificate = self._authority.device_certificate(name, key, serial=serial, now=now, life=life)
        self._register.record(Issued(serial=serial, name=name, issued_at=now, expires_at=now + life))
        return certificate


def open_issuer(files: IssuerFiles, now: datetime) -> Issuer:
    """Open an issuer in its folder, or make it with a new root; its revocation list is published anew.

    Raises:
        IssuerError: The root cannot be used.
        PrivateFileError: A file cannot be read or written, or others may read it.
        DatabaseError: The register cannot be opened.
    """
    authority = ensure_authority(files.key, files.certificate, now)
    issuer = Issuer(authority, Register(files.register), files.revocations)
    issuer.publish(now)
    return issuer


def write_device_files(
    key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, *, key_file: Path, chain_file: Path
) -> None:
    """Write a device's key and certificate as `load_device_identity` reads them.

    Raises:
        PrivateFileError: They cannot be written.
    """
    write_private(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_private(chain_file, certificate.public_bytes(Encoding.PEM))


def _requested_key(request: bytes) -> ec.EllipticCurvePublicKey:
    if len(request) > LONGEST_REQUEST_BYTES:
        raise RequestRefusedError(f"a signing request has at most {LONGEST_REQUEST_BYTES} bytes")
    try:
        read = x509.load_pem_x509_csr(request)
        key = read.public_key()
        signed = read.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RequestRefusedError(f"no certificate signing request in PEM: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RequestRefusedError("the request's key is of another kind: P-256 was expected")
    if not signed:
        raise RequestRefusedError("the request is not signed with its own key")
    return key
