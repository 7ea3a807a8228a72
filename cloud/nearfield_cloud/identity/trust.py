"""Which roots of devices' certificates are believed, and what they have taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from nearfield_cloud.errors import CertificateError, ConfigurationError
from nearfield_sync.telemetry import Counters, Log

LONGEST_FILE_BYTES: Final = 16 << 20
"""About 400,000 certificates taken back."""
_LONGEST_CHAIN: Final = 2
"""Certificates between a device's own and the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Roots, and the serials that were taken back, at one moment."""

    roots: tuple[x509.Certificate, ...]
    revoked: frozenset[tuple[x509.Name, int]] = frozenset()
    """Issuer and serial."""
    lists_hold_until: datetime | None = None
    """When the first of the revocation lists is out of date; None where there is none."""
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "store", Store(list(self.roots)))

    def verify(self, chain: Sequence[x509.Certificate], now: datetime) -> None:
        """See that a device's certificate leads to a root, is for clients, is not over and not taken back.

        Args:
            chain: The device's own first.
            now: The wall clock, aware.

        Raises:
            CertificateError: It is not so.
        """
        policy = PolicyBuilder().store(self.store).time(now).max_chain_depth(_LONGEST_CHAIN)
        try:
            verified = policy.build_client_verifier().verify(chain[0], list(chain[1:]))
        except (VerificationError, ValueError) as error:
            raise CertificateError(f"the certificate is not trusted: {error}") from error
        for one in verified.chain:
            if (one.issuer, one.serial_number) in self.revoked:
                raise CertificateError(f"the certificate of serial {one.serial_number:x} was taken back")


class TrustFiles:
    """Trust as it stands in files, read anew when they change.

    A list that is out of date is still believed, and said loudly: shutting every device out because a job did
    not run would do more harm. Single devices are shut out in the database besides.
    """

    def __init__(self, roots: Path, revocations: Path | None, counters: Counters) -> None:
        self._roots = roots
        self._revocations = revocations
        self._counters = counters
        self._seen: tuple[object, ...] = ()
        self._trust: Trust | None = None

    async def current(self, now: datetime) -> Trust:
        """What is trusted now.

        Raises:
            ConfigurationError: The roots or their list cannot be read.
        """
        seen = await asyncio.to_thread(self._look)
        if self._trust is None or seen != self._seen:
            self._trust = await asyncio.to_thread(read_trust, self._roots, self._revocations)
            self._seen = seen
            holds = self._trust.lists_hold_until
            if holds is not None and holds <= now:
                self._counters.add("nearfield_revocation_list_stale_total")
                log: Log = structlog.get_logger()
                log.warning("revocation_list_stale", since=holds.isoformat())
        return self._trust

    def _look(self) -> tuple[object, ...]:
        found = []
        for path in (self._roots, self._revocations):
            try:
                status = None if path is None else path.stat()
            except OSError:
                status = None
            found.append(None if status is None else (status.st_mtime_ns, status.st_size, status.st_ino))
        return tuple(found)


def read_trust(roots: Path, revocations: Path | None) -> Trust:
    """Read roots and revocation lists, both PEM, several in a file.

    Raises:
        ConfigurationError: One cannot be read, or a list is of no root or not signed by it.
    """
    try:
        certificates = tuple(x509.load_pem_x509_certificates(_content(roots)))
    except ValueError as error:
        raise ConfigurationError(f"identity.devices.roots {roots} holds no certificates in PEM") from error
    if revocations is None:
        return Trust(roots=certificates)
    revoked: set[tuple[x509.Name, int]] = set()
    until: list[datetime] = []
    for one in _lists(revocations):
        if not any(_is_signed_by(one, root) for root in certificates):
            raise ConfigurationError(
                f"identity.devices.revocations {revocations}: a list is not signed by a root of {roots}"
            )
        revoked.update((one.issuer, entry.serial_number) for entry in one)
        until.append(one.next_update_utc or datetime.max.replace(tzinfo=UTC) - timedelta(days=1))
    return Trust(roots=certificates, revoked=frozenset(revoked), lists_hold_until=min(until))


def _lists(path: Path) -> list[x509.CertificateRevocationList]:
    end = b"-----END X509 CRL-----"
    blocks = [block + end for block in _content(path).split(end) if b"BEGIN X509 CRL" in block]
    try:
        found = [x509.load_pem_x509_crl(block.strip()) for block in blocks]
    except ValueError as error:
        raise ConfigurationError(
            f"identity.devices.revocations {path} holds no revocation list in PEM"
        ) from error
    if not found:
        raise ConfigurationError(f"identity.devices.revocations {path} holds no revocation list in PEM")
    return found


def _is_signed_by(one: x509.CertificateRevocationList, root: x509.Certificate) -> bool:
    key = root.public_key()
    if one.issuer != root.subject or not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        return one.is_signature_valid(key)
    except (ValueError, TypeError, InvalidSignature):
        return False


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror})") from error
    if len(content) > LONGEST_FILE_BYTES:
        raise ConfigurationError(f"{path} holds more than {LONGEST_FILE_BYTES} bytes")
    return content
