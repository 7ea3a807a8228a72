"""From the evidence for a reading to the probability that it is right."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, Final

from nearfield_models.errors import EngineError


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How well a sentence fits the sound: what a confidence is computed from. All without any bonus."""

    per_token: float
    """By how much the free text is likelier, nats per token of the sentence; below 0 where it is not."""
    worst_word: float
    """Of the word that fits worst, the end counted as one: by how much the likeliest tokens in its places are
    likelier; nats."""
    second_worst_word: float
    end: float
    """The same of the text's end: large where speech goes on behind the sentence."""
    margin: float
    """By how much the next best other meaning ranks below; nats, at most 12."""
    free_per_token: float
    """How sure the free decode is, nats per token: low in noise."""
    support: float
    """By how much the sound makes the words with a meaning likelier than they are by themselves, nats per
    letter."""
    least_support: float
    """The same of the word that the sound supports least."""


_KINDS: Final = tuple(field.name for field in fields(Evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A logistic regression over evidence, for one recogniser."""

    intercept: float
    weights: Mapping[str, float]
    """By the name of the evidence; what is not named does not count."""
    provenance: str
    """What it was fitted on."""

    def probability(self, evidence: Evidence) -> float:
        """How likely it is that a reading with such evidence is what was said and meant, 0..1."""
        logit = self.intercept + sum(
            weight * float(getattr(evidence, name)) for name, weight in self.weights.items()
        )
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))


def read_calibration(pack: str, file: Path | None = None) -> Calibration | None:
    """Read what was fitted for the recogniser of a pack.

    Args:
        pack: Its id.
        file: A site's own; the shipped one if absent.

    Returns:
        None where nothing was fitted for the pack.

    Raises:
        EngineError: The file cannot be read, is damaged, or weighs what is no evidence.
    """
    shipped = resources.files("nearfield_models.decoding") / "calibration.toml"
    name = str(file or shipped)
    try:
        document: dict[str, Any] = tomllib.loads((file or shipped).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EngineError(f"the calibration {name} cannot be read: {error}") from error
    table = document.get(pack)
    if table is None:
        return None
    weights = table.get("weights", {}) if isinstance(table, dict) else {}
    if not isinstance(weights, dict):
        raise EngineError(f"the calibration {name} is damaged at {pack}: its weights are no table")
    unknown = sorted(set(weights) - set(_KINDS))
    if unknown:
        raise EngineError(
            f"the calibration {name} weighs {', '.join(unknown)}, known are {', '.join(_KINDS)}"
        )
    try:
        return Calibration(
            intercept=float(table["intercept"]),
            weights={name: float(weight) for name, weight in weights.items()},
            provenance=str(table.get("provenance", "")).strip(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"the calibration {name} is damaged at {pack}: {error}") from error
