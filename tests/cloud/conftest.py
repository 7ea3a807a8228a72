"""Real engines and recordings for calls."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile

from nearfield_cloud.configuration.realtime import Engines
from nearfield_cloud.realtime.engines import CallEngines, load_call_engines
from nearfield_models.errors import ModelsError
from nearfield_models.pcm import Samples
from nearfield_models.resampling import mix_down, resample

ORDER: Final = "0075d273-51bb-47cb-b323-4437bd0de029.flac"
"""Can I have a light roast twelve ounce coffee?"""


@pytest.fixture(scope="session")
def call_engines() -> CallEngines:
    """What hears and speaks; skips where a pack is not fetched."""
    try:
        return load_call_engines(Engines())
    except ModelsError as error:
        pytest.skip(f"no engines for calls: {error}")


def recording(path: Path) -> Samples:
    """``float32[n]`` at 16 kHz."""
    sound, rate_hz = soundfile.read(path, dtype="float32")
    return resample(mix_down(np.asarray(sound, dtype=np.float32)), rate_hz)
