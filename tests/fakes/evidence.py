"""Evidence of a sentence that was plainly heard; tests replace what matters to them."""

from __future__ import annotations

from typing import Final

from nearfield_models.decoding.calibration import Evidence

PLAINLY_HEARD: Final = Evidence(
    per_token=0.1,
    worst_word=0.2,
    second_worst_word=0.1,
    end=0.0,
    margin=5.0,
    free_per_token=-0.2,
    support=1.0,
    least_support=0.5,
)
