"""The root: its key and certificate, and what it signs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.errors import IssuerError
from nearfield_provisioning.private_file import read_private, write_private

ROOT_LIFE: Final = timedelta(days=3650)
SLOW_CLOCK: Final = timedelta(hours=1)
"""Certificates begin this much before they are made: a device's clock may be behind."""
_SIGNING_ONLY: Final = {"digital_signature": True, "key_cert_sign": False, "crl_sign": False}
_ROOT_USAGE: Final = {"digital_signature": False, "key_cert_sign": True, "crl_sign": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A key that signs, and the certificate that is trusted for it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(
        cls, now: datetime, *, life: timedelta = ROOT_LIFE, name: str = "Nearfield device root"
    ) -> Authority:
        """A new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        public = key.public_key()
        certificate = (
            _begun(public, x509.random_serial_number(), now, life)
            .subject_name(subject)
            .issuer_name(subject)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(**_ROOT_USAGE), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
            .sign(key, SHA256())
        )
        return cls(key=key, certificate=certificate)

    def device_certificate(
        self,
        name: DeviceName,
        public: ec.EllipticCurvePublicKey,
        *,
        serial: int,
        now: datetime,
        life: timedelta,
    ) -> x509.Certificate:
        """Certify that a key is of a device; what it holds is set here, never taken from a request."""
        root = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            _begun(public, serial, now, life)
            .subject_name(
                x509.Name(
                    [
                        x509.NameAttribute(NameOID.ORGANIZATION_NAME, name.tenant),
                        x509.NameAttribute(NameOID.COMMON_NAME, name.device),
                    ]
                )
            )
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(**_SIGNING_ONLY), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name.uri)]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root), critical=False
            )
            .sign(self.key, SHA256())
        )


def ensure_authority(key: Path, certificate: Path, now: datetime) -> Authority:
    """Load the root, or make it where neither file is there.

    Raises:
        IssuerError: One file is without the other, they do not belong together, or the root is over.
        PrivateFileError: The key cannot be read or written, or others may read it.
    """
    if not key.exists() and not certificate.exists():
        made = Authority.made(now)
        private = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        # One file holds both until the certificate has a file of its own: two processes end up with one root.
        write_private(key, private + made.certificate.public_bytes(Encoding.PEM), replace=False)
    return load_authority(key, certificate, now)


def load_authority(key: Path, certificate: Path, now: datetime) -> Authority:
    """Load the root; where its certificate has no file yet, the one beside the key is written there.

    Raises:
        IssuerError: They cannot be used together, or the root is over.
        PrivateFileError: The key cannot be read, or others may read it.
    """
    content = read_private(key)
    try:
        private = load_pem_private_key(content, password=None)
        if not certificate.exists():
            (beside,) = x509.load_pem_x509_certificates(content)
            write_private(certificate, beside.public_bytes(Encoding.PEM))
        root = x509.load_pem_x509_certificate(read_private(certificate))
    except (ValueError, TypeError) as error:
        raise IssuerError(f"the issuer's root {key}, {certificate} cannot be used: {error}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or root.public_key() != private.public_key():
        raise IssuerError(f"the issuer's key {key} and certificate {certificate} do not belong together")
    if now >= root.not_valid_after_utc:
        raise IssuerError(
            f"the issuer's root {certificate} was valid until {root.not_valid_after_utc:%Y-%m-%d}:"
            " make a new one, and devices' certificates anew"
        )
    return Authority(key=private, certificate=root)


def _begun(
    public: CertificatePublicKeyTypes, serial: int, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(now - SLOW_CLOCK)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, digital_signature: bool, key_cert_sign: bool, crl_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
