"""Small packs for tests: a few bytes from file sources, described by real manifests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nearfield_models.catalogue import Catalogue
from nearfield_models.policy import PROFILES
from nearfield_models.store import ModelStore

DEVELOPMENT = PROFILES["development"]
PRODUCTION = PROFILES["production"]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Site:
    """A folder of manifests, a folder of originals, and a store."""

    def __init__(self, root: Path) -> None:
        self.manifests = root / "manifests"
        self.originals = root / "originals"
        self.manifests.mkdir(parents=True)
        self.originals.mkdir()
        self.store = ModelStore(root / "store", Catalogue([self.manifests]))

    def add_pack(
        self,
        pack_id: str,
        files: Mapping[str, bytes],
        *,
        sources: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        build: Sequence[Mapping[str, Any]] = (),
        **fields: Any,
    ) -> None:
        """Write a manifest; files without sources of their own get a file source that has them."""
        tables = []
        for name, content in files.items():
            (self.originals / name).write_bytes(content)
            given = (sources or {}).get(name, [{"kind": "file", "path": str(self.originals / name)}])
            tables.append(
                {"name": name, "sha256": sha256(content), "size_bytes": len(content), "sources": list(given)}
            )
        manifest = {
            "id": pack_id,
            "role": "vad",
            "title": "Test",
            "version": "1",
            "licence": "MIT",
            "runtime": "none",
            "files": tables,
            "build": list(build),
            **fields,
        }
        (self.manifests / f"{pack_id}.toml").write_text(toml(manifest))

    def left_over(self) -> list[str]:
        """What lies in the store beside its lock and the placed packs."""
        return sorted(
            path.name
            for path in self.store.folder.rglob("*")
            if path.is_file() and path.name != ".lock" and path.name not in {"verified.json", "derived.json"}
        )


def toml(table: Mapping[str, Any]) -> str:
    """Write a TOML document of inline values: JSON's scalars and arrays are TOML's."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value)
