"""Where speech ends in a clean recording, by its energy alone: the zero of every clock of the benchmarks.

Not a voice detector: it needs the whole recording, and quiet around the speech. The voiced body of speech is
what is louder than the recording's own floor and not far below its loudest moment, for longer than a click.
What follows the last of it at once belongs to it while it is a little fainter: the release of a final k or t
comes some 100 ms after its vowel and 35 to 40 dB below. Noises of the room later on are as loud as that, so
that one threshold for both would find them instead.

Checked against sounds whose end is known, the voice pack's sentences among them (tests); ``orders`` prints by
how much the voice detector's last hop lies behind it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.pcm import HOP_SAMPLES, Samples

ABOVE_FLOOR_DB: Final = 15.0
BODY_BELOW_LOUDEST_DB: Final = 30.0
END_BELOW_LOUDEST_DB: Final = 42.0
SHORTEST_BODY_HOPS: Final = 3
"""Of 10 ms: what is over sooner is a click."""
LONGEST_CLOSURE_HOPS: Final = 12
"""Silence inside a final consonant."""
LONGEST_END_HOPS: Final = 30

_FLOOR_PERCENTILE: Final = 10
_QUIETEST_ENERGY: Final = 1e-10


def speech_end(samples: Samples) -> int | None:
    """Sample after the last speech of ``float32[n]`` at 16 kHz; None where nothing stands out."""
    levels = _levels_dbfs(samples)
    if levels.size < SHORTEST_BODY_HOPS:
        return None
    floor, loudest = float(np.percentile(levels, _FLOOR_PERCENTILE)), float(levels.max())
    if loudest - floor < ABOVE_FLOOR_DB:
        return None
    body = levels > max(floor + ABOVE_FLOOR_DB, loudest - BODY_BELOW_LOUDEST_DB)
    long = np.convolve(body, np.ones(SHORTEST_BODY_HOPS), "valid") == SHORTEST_BODY_HOPS
    if not long.any():
        return None
    body_end = int(np.flatnonzero(long)[-1]) + SHORTEST_BODY_HOPS
    end = body_end
    faint = levels > max(floor + ABOVE_FLOOR_DB, loudest - END_BELOW_LOUDEST_DB)
    for hop in range(body_end, min(levels.size, body_end + LONGEST_END_HOPS)):
        if faint[hop] and hop - end <= LONGEST_CLOSURE_HOPS:
            end = hop + 1
    return end * HOP_SAMPLES


def _levels_dbfs(samples: Samples) -> NDArray[np.float64]:
    hops = samples[: samples.size // HOP_SAMPLES * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
    energies = np.square(hops, dtype=np.float64).mean(axis=1) + _QUIETEST_ENERGY
    levels: NDArray[np.float64] = 10 * np.log10(energies)
    return levels
