"""Where a voice detector hears speech, hop by hop, as the device's ears ask it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nearfield_models.nearness import Nearness
from nearfield_models.pcm import HOP_SAMPLES, Samples
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.vad.engine import VadEngine


def speech_hops(
    signal: Samples,
    vad: VadEngine,
    settings: SegmentationSettings | None = None,
    *,
    nearness: Nearness | None = None,
) -> NDArray[np.bool_]:
    """For each hop of ``float32[n]`` whether it is speech; with ``nearness``, whether of somebody near."""
    vad.reset()
    segmenter = SpeechSegmenter(settings or SegmentationSettings())
    found = np.zeros(signal.size // HOP_SAMPLES, np.bool_)
    for number in range(found.size):
        at = number * HOP_SAMPLES
        hop = signal[at : at + HOP_SAMPLES]
        state = segmenter.accept(at, vad.accept(hop))
        speech = state.speaking and state.last_heard == at + HOP_SAMPLES
        found[number] = speech if nearness is None else nearness.accept(hop, speech=speech)
    return found
