"""Where documents come from: a file, a folder with what is below it, or an address."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nearfield_cloud.egress import EgressRules, FetchGuard, FetchLimits, Resolve, system_resolve
from nearfield_cloud.errors import DocumentError, EgressError, KnowledgeError
from nearfield_cloud.knowledge.readers.reading import SUFFIXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A document's bytes."""

    name: str
    """The last part of its source."""
    data: bytes
    announced: str | None = None
    """The media type that its server gave."""


def is_address(source: str) -> bool:
    """Whether this is an address rather than a path."""
    return source.lower().startswith(("http://", "https://"))


def files_of(path: Path, most: int) -> Sequence[Path]:
    """The documents of a folder, or the file itself, by name.

    Hidden files and folders, links out of the folder, and files of kinds that no reader takes are left out;
    a file that is named itself is given whatever it is called.

    Raises:
        KnowledgeError: There is no such file or folder, or it holds more than ``most`` documents.
    """
    path = path.absolute()
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise KnowledgeError(f"there is no file or folder {path}")
    found: list[Path] = []
    for file in _below(path):
        found.append(file)
        if len(found) > most:
            raise KnowledgeError(f"{path} holds more than {most} documents: raise knowledge.most_documents")
    return sorted(found)


def _below(folder: Path) -> Iterator[Path]:
    inside = folder.resolve()
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            file = Path(at, name)
            if name.startswith(".") or file.suffix.lower() not in SUFFIXES:
                continue
            if file.resolve().is_relative_to(inside) and file.is_file():
                yield file


def read_file(path: Path, largest_bytes: int) -> Original:
    """The bytes of a file.

    Raises:
        DocumentError: It cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest_bytes + 1)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > largest_bytes:
        raise DocumentError(f"{path} is larger than {largest_bytes} bytes")
    return Original(name=path.name, data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """From where and how much may be fetched."""

    hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    largest_bytes: int = 20 * 1024 * 1024
    seconds: float = 30.0
    resolve: Resolve = system_resolve


async def fetch(address: str, fetching: Fetching) -> Original:
    """Fetch what an operator named: its host is allowed by that, others only where they are listed.

    Raises:
        DocumentError: It may not be fetched, was not there, or is too large.
    """
    try:
        parts = urlsplit(address)
        named = f"{parts.hostname or ''}:{parts.port}" if parts.port else (parts.hostname or "")
    except ValueError as error:
        raise DocumentError(f"{address} is no address: {error}") from error
    rules = EgressRules(
        hosts=frozenset({named, *fetching.hosts}),
        schemes=frozenset({"https", parts.scheme}),
        networks=tuple(ipaddress.ip_network(network) for network in fetching.networks),
    )
    limits = FetchLimits(largest_bytes=fetching.largest_bytes, total_seconds=fetching.seconds)
    try:
        found = await FetchGuard(rules, resolve=fetching.resolve).fetch(address, limits=limits)
    except EgressError as error:
        raise DocumentError(f"{address}: {error}") from error
    if found.status != 200:
        raise DocumentError(f"{address} answered with status {found.status}")
    name = unquote(urlsplit(found.url).path).rsplit("/", 1)[-1] or (parts.hostname or "page")
    return Original(name=name, data=found.body, announced=found.headers.get("content-type"))
