"""Model files that a site has installed itself and names by their path, where no manifest describes them."""

from __future__ import annotations

from pathlib import Path

from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.verification import sha256_of

_SHORT_DIGEST = 12


def is_file_name(name: str) -> bool:
    """Whether a name in a configuration means a file; the id of a pack has no slash."""
    return "/" in name


def pack_or_file(name: str, store: ModelStore) -> InstalledPack:
    """Give a fetched pack by its id, or a site's own file by its path as a pack of one file.

    Nobody vouches for such a file: its digest, which is read from it here, only says in records which it was.

    Raises:
        PackNotFoundError: The pack is not fetched, or there is no such file.
        PackDamagedError: A file of the pack is missing or altered.
    """
    if not is_file_name(name):
        return store.installed(name)
    path = Path(name)
    try:
        digest = sha256_of(path)[:_SHORT_DIGEST]
    except OSError as error:
        raise PackNotFoundError(
            f"model file {path} cannot be read ({error.strerror}): put it there, or name a pack"
        ) from error
    return InstalledPack(id=path.name, version="", digest=digest, folder=path.parent, names=(path.name,))
