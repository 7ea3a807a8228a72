"""The memory of how derived files were made, and the judgement whether they still hold.

Each pack's folder with build steps keeps ``derived.json``: for every step its kind, the version of its code,
and the digests of what it read and wrote. When any of these has moved, the step is run again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nearfield_models.manifest import BuildStep
from nearfield_models.placing import write_whole

_RECORDS = "derived.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """One run of a build step."""

    kind: str
    version: int
    """Of the step's code."""
    inputs: dict[str, str]
    """sha256 by file name, as are the outputs."""
    outputs: dict[str, str]


def read_derivations(folder: Path) -> tuple[Derivation, ...]:
    """What was made in a pack's folder; an absent or unreadable memory is empty, so all is made again."""
    try:
        return tuple(Derivation(**record) for record in json.loads((folder / _RECORDS).read_bytes()))
    except (OSError, ValueError, TypeError):
        return ()


def write_derivations(folder: Path, derivations: Sequence[Derivation]) -> None:
    """Replace the memory.

    Raises:
        OSError: It could not be written.
    """
    text = json.dumps([asdict(derivation) for derivation in derivations], indent=1)
    write_whole(folder / _RECORDS, text.encode())


def derivation_holds(
    step: BuildStep, version: int, derivations: Sequence[Derivation], digest: Callable[[str], str]
) -> bool:
    """Whether a step's outputs are those that this version of its code made from these very inputs.

    Args:
        step: As the manifest states it.
        version: Of the step's code as it is now.
        derivations: What was made so far.
        digest: Gives a file's sha256; raises ``OSError`` where there is none.
    """
    made = next((d for d in derivations if d.kind == step.kind and set(d.outputs) == set(step.outputs)), None)
    if made is None or made.version != version or set(made.inputs) != set(step.inputs):
        return False
    try:
        return all(digest(name) == known for name, known in {**made.inputs, **made.outputs}.items())
    except OSError:
        return False
