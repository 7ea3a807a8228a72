"""From a site's sensitivity to the evidence that a phrase needs, by what was measured on recordings.

The measured points stand in ``phrase_calibration.toml`` with their provenance. Sensitivity 0.5 is what they
recommend; 0 wakes less often by mistake, 1 misses less.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np

USUAL: Final = 0.5
_SENSITIVITIES: Final = (0.0, USUAL, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The evidence needed at the sensitivities 0, 0.5 and 1: falling."""

    evidence: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not self.evidence[0] > self.evidence[1] > self.evidence[2]:
            raise ValueError(f"more sensitivity must need less evidence, not {self.evidence}")

    def threshold(self, sensitivity: float) -> float:
        """The evidence needed at a sensitivity of 0..1."""
        return float(np.interp(sensitivity, _SENSITIVITIES, self.evidence))

    def sensitivity(self, threshold: float) -> float:
        """The sensitivity whose threshold comes nearest, 0..1."""
        return float(np.interp(-threshold, [-value for value in self.evidence], _SENSITIVITIES))


def shipped_calibration() -> Calibration:
    """What was measured for the default recogniser."""
    text = files("nearfield_models.wake").joinpath("phrase_calibration.toml").read_text("utf-8")
    measured = tomllib.loads(text)["evidence"]
    return Calibration(
        evidence=(
            float(measured["at_sensitivity_0"]),
            float(measured["at_sensitivity_half"]),
            float(measured["at_sensitivity_1"]),
        )
    )
