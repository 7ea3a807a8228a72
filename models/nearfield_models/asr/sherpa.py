"""sherpa-onnx over a Moonshine pack: a second recogniser behind the same seam.

It decodes inside its own library, so it has no scores, takes no notice of an earlier hypothesis and looks at
a cancellation only between parts. It ends the whole process over a token file that it cannot read; that file
is therefore read here first.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_models.asr.engine import AsrCapabilities, Hypothesis
from nearfield_models.asr.moonshine import LONGEST_SECONDS, SHORTEST_SAMPLES, joined
from nearfield_models.asr.moonshine_greedy import loop_length
from nearfield_models.asr.tokens import read_pieces
from nearfield_models.asr.utterance import checked, cut_at_quiet_places, is_silent
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import EngineError, PackDamagedError, RuntimeMissingError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack

_PROVIDERS: Final = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda"}


class SherpaAsr:
    """English speech to text by sherpa-onnx; see `AsrEngine` for the contract."""

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        try:
            import sherpa_onnx
        except ImportError as error:
            raise RuntimeMissingError(
                "sherpa-onnx is not installed: install the extra with `pip install 'nearfield[sherpa]'`"
            ) from error
        require_token_lines(pack.file("tokens.txt"), len(read_pieces(pack.file("tokenizer.bin"))))
        try:
            self._recogniser: Any = sherpa_onnx.OfflineRecognizer.from_moonshine_v2(
                encoder=str(pack.file("encoder_model.ort")),
                decoder=str(pack.file("decoder_model_merged.ort")),
                tokens=str(pack.file("tokens.txt")),
                num_threads=max(1, runtime.threads),
                provider=_provider(runtime),
            )
        except RuntimeError as error:
            raise EngineError(
                f"sherpa-onnx cannot load pack {pack.id}: check it with `nearfield-models verify` ({error})"
            ) from error

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
            parts.append(self._transcribe_part(part))
        wanted.check()
        return joined(parts)

    def warm_up(self) -> None:
        """Run once on a second of silence."""
        self._decode(np.zeros(SAMPLE_RATE_HZ, np.float32))

    def _transcribe_part(self, samples: Samples) -> Hypothesis:
        if samples.size < SHORTEST_SAMPLES or is_silent(samples):
            return Hypothesis(text="", stopped_by="silence")
        words = self._decode(samples).split()
        if surplus := loop_length(words):
            return Hypothesis(text=" ".join(words[:-surplus]), stopped_by="repetition")
        return Hypothesis(text=" ".join(words))

    def _decode(self, samples: Samples) -> str:
        try:
            stream = self._recogniser.create_stream()
            stream.accept_waveform(SAMPLE_RATE_HZ, samples)
            self._recogniser.decode_stream(stream)
            return str(stream.result.text)
        except RuntimeError as error:
            raise EngineError(f"sherpa-onnx failed while decoding: {error}") from error


def require_token_lines(file: Path, count: int) -> None:
    """See that a token file is what sherpa-onnx can read: ``count`` lines of base64 and an id, ids in order.

    Raises:
        PackDamagedError: It is not; the message names the line.
    """
    mend = "fetch its pack again"
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PackDamagedError(f"token file {file} cannot be read as text: {mend}") from error
    if len(lines) != count:
        raise PackDamagedError(f"token file {file} has {len(lines)} lines instead of {count}: {mend}")
    for number, line in enumerate(lines):
        piece, _, token = line.rpartition(" ")
        if token != str(number) or not _is_base64(piece):
            raise PackDamagedError(
                f"token file {file}, line {number + 1}: expected base64 and the id {number}; {mend}"
            )


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _provider(runtime: RuntimeOptions) -> str:
    if runtime.engine != "onnxruntime" or runtime.providers[0] not in _PROVIDERS:
        raise RuntimeMissingError(
            f"sherpa-onnx brings its own ONNX Runtime, which runs on {' or '.join(_PROVIDERS)}: "
            "name one of them in the runtime's `providers`"
        )
    return _PROVIDERS[runtime.providers[0]]
