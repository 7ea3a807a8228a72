"""The model card of a microWakeWord pack: the JSON file beside a network, which says how to use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, Field, ValidationError

from nearfield_models.errors import PackDamagedError
from nearfield_models.store import InstalledPack
from nearfield_models.validation import first_fault

_TFLITE_MARK: Final = b"TFL3"


class _Micro(BaseModel):
    probability_cutoff: float = Field(ge=0, le=1)
    sliding_window_size: int = Field(ge=1, le=100)


class ModelCard(BaseModel):
    """What is used of the file; keys that are of no use here are passed over."""

    wake_word: str
    model: str
    trained_languages: list[str] = []
    micro: _Micro


@dataclass(frozen=True, slots=True, kw_only=True)
class CardedNetwork:
    """A model card and where its network lies."""

    card: ModelCard
    network: Path
    """Begins as a TensorFlow Lite network does."""


def read_model_card(pack: InstalledPack) -> CardedNetwork:
    """Read the card of a pack and look at its network.

    Raises:
        PackDamagedError: The card is none, or what it names is no network.
    """
    path = pack.file(next((name for name in pack.names if name.endswith(".json")), f"{pack.id}.json"))
    try:
        card = ModelCard.model_validate_json(path.read_bytes())
        network = pack.file(card.model)
        # An interpreter may end the process on a file that is no network.
        marked = network.read_bytes()[4:8] == _TFLITE_MARK
    except (OSError, ValidationError) as error:
        reason = first_fault(error) if isinstance(error, ValidationError) else error
        raise PackDamagedError(
            f"pack {pack.id} cannot be read at {path}: run `nearfield-models fetch {pack.id}` ({reason})"
        ) from error
    if not marked:
        raise PackDamagedError(
            f"{network} is no TensorFlow Lite network: run `nearfield-models fetch {pack.id}` to mend it"
        )
    return CardedNetwork(card=card, network=network)
