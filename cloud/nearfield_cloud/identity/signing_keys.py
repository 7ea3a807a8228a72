"""The keys that sign access tokens: published before they sign, dropped when nothing needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from joserfc.jwk import ECKey

from nearfield_cloud.configuration.identity import TokenSection
from nearfield_cloud.identity.sealing import Sealing
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import SIGNING_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When a key signs; seconds since 1970."""

    signs_from: float
    signs_until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key with its time."""

    id: str
    key: ECKey
    validity: Validity


def missing_key(kept: Sequence[Validity], now: float, tokens: TokenSection) -> Validity | None:
    """The key that has to be made now, if any: the first one at once, each further one ahead of its time."""
    life = tokens.key_days * 86_400.0
    last = max((one.signs_until for one in kept), default=now)
    if last <= now:
        return Validity(signs_from=now, signs_until=now + life)
    if last - max(tokens.published_ahead_seconds, tokens.leeway_seconds) <= now:
        return Validity(signs_from=last, signs_until=last + life)
    return None


def is_needed(one: Validity, now: float, tokens: TokenSection) -> bool:
    """Whether a key signs, will sign, or has signed a token that may still be valid."""
    return one.signs_until + tokens.life_seconds + 2 * tokens.leeway_seconds > now


class SigningKeys:
    """The keys of all processes that share a database; each process keeps a copy."""

    def __init__(self, storage: Storage, sealing: Sealing, tokens: TokenSection) -> None:
        self._storage = storage
        self._sealing = sealing
        self._tokens = tokens
        self._kept: tuple[SigningKey, ...] = ()
        self._read_at = float("-inf")

    async def rotate(self, now: float) -> None:
        """Make what is missing, drop what nothing needs, and read what there is.

        Raises:
            ConfigurationError: A key in the database was sealed with another sealing key.
            StorageError: The database failed; the copy stays as it was.
        """
        async with self._storage.writing() as connection:
            rows = (await connection.execute(sa.select(SIGNING_KEYS))).mappings().all()
            validities = {row["id"]: _validity(row) for row in rows}
            missing = missing_key(list(validities.values()), now, self._tokens)
            if missing is not None:
                await connection.execute(sa.insert(SIGNING_KEYS).values(self._made(missing)))
            over = [one for one, when in validities.items() if not is_needed(when, now, self._tokens)]
            await connection.execute(sa.delete(SIGNING_KEYS).where(SIGNING_KEYS.c.id.in_(over)))
        await self.read(now)

    async def read(self, now: float) -> None:
        """Read what there is, such as a key that another process has made.

        Raises:
            ConfigurationError: A key in the database was sealed with another sealing key.
            StorageError: The database failed; the copy stays as it was.
        """
        async with self._storage.reading() as connection:
            query = sa.select(SIGNING_KEYS).order_by(SIGNING_KEYS.c.signs_from)
            rows = (await connection.execute(query)).mappings().all()
        self._kept = tuple(self._opened(row) for row in rows)
        self._read_at = now

    def read_before(self, now: float) -> float:
        """How long ago they were read, in seconds."""
        return now - self._read_at

    def signing(self, now: float) -> SigningKey | None:
        """The key that signs now."""
        fit = [one for one in self._kept if one.validity.signs_from <= now < one.validity.signs_until]
        return fit[-1] if fit else None

    def find(self, key_id: str) -> ECKey | None:
        """The key of that id, if it is published."""
        return next((one.key for one in self._kept if one.id == key_id), None)

    def published(self) -> list[dict[str, Any]]:
        """The public halves, as they stand in the list of keys (RFC 7517)."""
        return [
            {**one.key.as_dict(private=False), "kid": one.id, "use": "sig", "alg": "ES256"}
            for one in self._kept
        ]

    def _made(self, validity: Validity) -> dict[str, Any]:
        key = ECKey.generate_key("P-256", private=True)
        key_id = key.thumbprint()
        sealed = self._sealing.seal(key.as_pem(private=True), key_id)
        return {
            "id": key_id,
            "sealed": sealed,
            "signs_from": validity.signs_from,
            "signs_until": validity.signs_until,
        }

    def _opened(self, row: sa.RowMapping) -> SigningKey:
        pem = self._sealing.open(row["sealed"], row["id"])
        return SigningKey(id=row["id"], key=ECKey.import_key(pem), validity=_validity(row))


def _validity(row: sa.RowMapping) -> Validity:
    return Validity(signs_from=row["signs_from"], signs_until=row["signs_until"])
