"""Which licences a site accepts, and the judgement of a pack by them.

A policy is data. It looks at a pack's own licence and at what the pack was made from: a voice may be free
while the recordings behind it are not. Judging is a pure function; whoever fetches or loads a pack asks it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from nearfield_models.errors import LicenceRefusedError, ManifestError
from nearfield_models.manifest import Line, PackManifest, SpdxId
from nearfield_models.validation import first_fault

_FREE: Final = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "Unlicense"}
)

OriginRule = Literal["ignore", "notice", "refuse"]
"""What an origin outside the accepted licences does: nothing, a notice, or a refusal."""


class _PolicyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line
    accepted: tuple[SpdxId, ...]
    origins: OriginRule = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicencePolicy:
    """What a site accepts."""

    name: str
    """Named in refusals and notices."""
    accepted: frozenset[str]
    """SPDX identifiers, and ``LicenseRef-…`` as manifests name them."""
    origins: OriginRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a policy says of a pack."""

    pack_id: str
    allowed: bool
    reason: str
    """One sentence: why it is allowed or refused."""
    notice: str | None = None
    """What its user should know although it is allowed; begins with the pack's id."""


PROFILES: Final[Mapping[str, LicencePolicy]] = MappingProxyType(
    {
        "development": LicencePolicy(name="development", accepted=_FREE, origins="notice"),
        "production": LicencePolicy(name="production", accepted=_FREE, origins="refuse"),
    }
)
"""``development`` is for trying and showing; ``production`` for devices that are sold or serve the public."""


def judge(manifest: PackManifest, policy: LicencePolicy) -> Verdict:
    """Say whether a policy accepts a pack."""
    if manifest.licence not in policy.accepted:
        return Verdict(
            pack_id=manifest.id,
            allowed=False,
            reason=f"its licence {manifest.licence} is not among those that policy {policy.name} accepts",
        )
    outside = [origin for origin in manifest.derived_from if origin.licence not in policy.accepted]
    notices = [manifest.notice] if manifest.notice else []
    if outside and policy.origins != "ignore":
        origin = outside[0]
        note = f" ({origin.note})" if origin.note else ""
        statement = f"it is derived from {origin.name}, under {origin.licence}{note}"
        if policy.origins == "refuse":
            return Verdict(
                pack_id=manifest.id, allowed=False, reason=f"{statement}, which policy {policy.name} refuses"
            )
        notices.append(statement)
    return Verdict(
        pack_id=manifest.id,
        allowed=True,
        reason=f"policy {policy.name} accepts {manifest.licence}",
        notice=f"{manifest.id}: {'; '.join(notices)}" if notices else None,
    )


def require_accepted(manifests: Iterable[PackManifest], policy: LicencePolicy) -> tuple[Verdict, ...]:
    """Judge packs that are about to be fetched or used.

    Returns:
        A verdict each; their notices are for the caller to show.

    Raises:
        LicenceRefusedError: The policy refuses one of them; the message names it and the licence.
    """
    verdicts = tuple(judge(manifest, policy) for manifest in manifests)
    for verdict in verdicts:
        if not verdict.allowed:
            raise LicenceRefusedError(
                f"pack {verdict.pack_id} is refused: {verdict.reason}: choose another pack, or state in a "
                "policy of your own what you accept (docs/models.md)"
            )
    return verdicts


def named_policy(name: str) -> LicencePolicy:
    """Give a policy by the name of a profile, or by the path of a site's own TOML file.

    Raises:
        ManifestError: Neither a profile nor a readable policy file.
    """
    if name in PROFILES:
        return PROFILES[name]
    path = Path(name)
    if not path.is_file():
        raise ManifestError(
            f"there is no licence policy {name!r}: name one of {', '.join(PROFILES)}, or a policy's TOML file"
        )
    return _read_policy(path)


def _read_policy(path: Path) -> LicencePolicy:
    try:
        stated = _PolicyFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"the licence policy {path} cannot be read: {error}") from error
    except ValidationError as error:
        raise ManifestError(
            f"the licence policy {path} is wrong at {first_fault(error)}; its keys are name, accepted and "
            "origins"
        ) from error
    return LicencePolicy(name=stated.name, accepted=frozenset(stated.accepted), origins=stated.origins)
