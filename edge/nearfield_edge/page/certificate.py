"""The page's certificate: the site's own, or one that the device signs itself and makes anew in time."""

from __future__ import annotations

import ipaddress
import os
import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nearfield_edge.errors import PageError
from nearfield_sync.clock import EARLIEST_PLAUSIBLE

if TYPE_CHECKING:
    from cryptography import x509

LIFETIME: Final = timedelta(days=820)
"""Some browsers take no certificate of more than 825 days."""
RENEWED_BEFORE: Final = timedelta(days=30)
_SLOW_CLOCK: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """Where a certificate and its key are, both in PEM."""

    certificate: Path
    key: Path


def own_certificate(data: Path) -> CertificateFiles:
    """Where the one that the device signs itself is, in its folder."""
    return CertificateFiles(certificate=data / "keys" / "page.pem", key=data / "keys" / "page.key")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What people need to know of a certificate."""

    fingerprint: str
    """SHA-256, as browsers show it."""
    expires: datetime
    names: tuple[str, ...]


def read_certificate(path: Path) -> CertificateFacts:
    """Look at a certificate.

    Raises:
        PageError: It cannot be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(entry.value) for entry in found]
    except x509.ExtensionNotFound:
        names = []
    except (OSError, ValueError) as error:
        raise PageError(f"the page's certificate {path} cannot be read: {error}") from error
    return CertificateFacts(
        fingerprint=certificate.fingerprint(SHA256()).hex(":").upper(),
        expires=certificate.not_valid_after_utc,
        names=tuple(names),
    )


def require_pair(files: CertificateFiles) -> None:
    """See that a certificate and its key can be served with.

    Raises:
        PageError: They cannot be read, do not belong together, or the key asks for a password.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a password of ours, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
    except (OSError, ValueError) as error:
        raise PageError(
            f"the page's certificate {files.certificate} and key {files.key} cannot be used: {error}"
        ) from error


def ensure_certificate(
    files: CertificateFiles, *, names: Sequence[str], addresses: Sequence[str], now: datetime
) -> None:
    """Make a certificate that the device signs itself, where there is none that will do for a while.

    Args:
        files: Where it is, or goes.
        names: Names and addresses that it must hold.
        addresses: What it shall hold besides, if it is made.
        now: The wall clock.

    Raises:
        PageError: It cannot be made, or what is there cannot be read.
    """
    if files.certificate.exists() and files.key.exists():
        facts = read_certificate(files.certificate)
        if now < facts.expires - RENEWED_BEFORE and set(names) <= set(facts.names):
            return
    # A clock that was not set yet would make one that is over by the time it is.
    _make(files, [*dict.fromkeys([*names, *addresses])], max(now, EARLIEST_PLAUSIBLE))


def _make(files: CertificateFiles, names: Sequence[str], now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nearfield device")])
    try:
        held = x509.SubjectAlternativeName([_general_name(name) for name in names])
    except ValueError as error:
        raise PageError(f"the page's certificate cannot be made for {', '.join(names)}: {error}") from error
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLOW_CLOCK)
        .not_valid_after(now + LIFETIME)
        .add_extension(held, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        _write(files.key, private)
        _write(files.certificate, certificate.public_bytes(Encoding.PEM))
    except OSError as error:
        raise PageError(
            f"the page's certificate {files.certificate} cannot be written ({error.strerror}): let the"
            " device's user write there, or name page.certificate and page.key"
        ) from error


def _general_name(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
