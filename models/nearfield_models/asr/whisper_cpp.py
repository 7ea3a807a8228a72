"""whisper.cpp through ``pywhispercpp``: any Whisper model in ggml's form that a site has installed.

It always computes a window of 30 seconds, on the processor, so a short order takes many times as long as with
Moonshine; it is for sites that have a Whisper model of their own. It takes no notice of an earlier hypothesis
and gives no scores. The library downloads a model whose file it does not find, and ends the process over a
file that is none: it is therefore only ever given a file that was read here first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from nearfield_models.asr.engine import AsrCapabilities, Hypothesis
from nearfield_models.asr.ggml_file import read_ggml_model
from nearfield_models.asr.moonshine import joined
from nearfield_models.asr.moonshine_greedy import loop_length
from nearfield_models.asr.utterance import checked, cut_at_quiet_places, is_silent
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack

LONGEST_SECONDS: Final = 30.0
_SHORTEST_SAMPLES: Final = SAMPLE_RATE_HZ // 10
"""It refuses what is shorter than 0.1 s."""
_MODEL_SUFFIX: Final = ".bin"
_ERROR_LEVEL: Final = 4
_DECODING: Final[Mapping[str, Any]] = {
    "language": "en",
    "no_timestamps": True,
    "single_segment": True,
    # Trying again at a higher temperature draws at random: the same sound would give another text.
    "temperature_inc": 0.0,
    # What nobody said, such as "[BLANK_AUDIO]" and "(music)".
    "suppress_nst": True,
    "print_progress": False,
}


class WhisperCppAsr:
    """English speech to text by whisper.cpp; see `AsrEngine` for the contract."""

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        """Load the model.

        Args:
            pack: Holds one ``.bin`` file, in ggml's form.
            runtime: Its threads; the hardware is always the processor.

        Raises:
            RuntimeMissingError: ``pywhispercpp`` is not installed.
            PackDamagedError: The file cannot be read.
            EngineError: The pack has no such file, or it is no Whisper model.
        """
        try:
            from pywhispercpp.model import Model
        except ImportError as error:
            raise RuntimeMissingError(
                "pywhispercpp is not installed: install the extra with `pip install 'nearfield[whisper-cpp]'`"
            ) from error
        names = [name for name in pack.names if name.endswith(_MODEL_SUFFIX)]
        if len(names) != 1:
            raise EngineError(
                f"{pack.id} holds {len(names)} files that end in {_MODEL_SUFFIX}: whisper.cpp needs one"
            )
        file = pack.file(names[0])
        read_ggml_model(file)
        with _complaints() as complaints:
            self._model: Any = Model(str(file), n_threads=max(1, runtime.threads), **_DECODING)
        if complaints:
            # What the library gives for a model that it could not load must never be used.
            raise EngineError(f"whisper.cpp cannot load {file}: {complaints[0]}")

    @property
    def capabilities(self) -> AsrCapabilities:
        """What this engine can do."""
        return AsrCapabilities(
            languages=("en",), token_scores=False, constrainable=False, longest_seconds=LONGEST_SECONDS
        )

    def transcribe(
        self,
        samples: Samples,
        *,
        earlier: Hypothesis | None = None,
        cancellation: Cancellation | None = None,
    ) -> Hypothesis:
        """Recognise ``float32[n]`` at 16 kHz; ``earlier`` is of no use to this engine.

        Raises:
            EngineError: The model failed, or the samples are no such array.
            CancelledWorkError: ``cancellation`` was set.
        """
        wanted = cancellation or Cancellation()
        parts: list[Hypothesis] = []
        for part in cut_at_quiet_places(checked(samples), int(LONGEST_SECONDS * SAMPLE_RATE_HZ)):
            wanted.check()
            parts.append(self._transcribe_part(part, wanted))
            wanted.check()  # a part that was broken off is no text
        return joined(parts)

    def warm_up(self) -> None:
        """Run once on a second of silence."""
        self._decode(np.zeros(SAMPLE_RATE_HZ, np.float32), Cancellation())

    def _transcribe_part(self, samples: Samples, wanted: Cancellation) -> Hypothesis:
        if samples.size < _SHORTEST_SAMPLES or is_silent(samples):
            return Hypothesis(text="", stopped_by="silence")
        words = self._decode(samples, wanted).split()
        if surplus := loop_length(words):
            return Hypothesis(text=" ".join(words[:-surplus]), stopped_by="repetition")
        return Hypothesis(text=" ".join(words))

    def _decode(self, samples: Samples, wanted: Cancellation) -> str:
        try:
            segments = self._model.transcribe(samples, abort_callback=lambda: wanted.is_cancelled)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"whisper.cpp failed while decoding: {error}") from error
        return " ".join(str(segment.text) for segment in segments)


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Gather what whisper.cpp logs as errors, and let it print nothing, while a model is loaded."""
    from _pywhispercpp import whisper_log_set

    told: list[str] = []

    def listen(level: int, text: str) -> None:
        if level >= _ERROR_LEVEL and text.strip():
            told.append(text.strip())

    whisper_log_set(listen)
    try:
        yield told
    finally:
        whisper_log_set(None)  # the library must not call Python any more when the interpreter ends
