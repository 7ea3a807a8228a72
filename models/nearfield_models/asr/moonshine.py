"""Moonshine on the runtime seam, decoded by ourselves: scores, partials, a decoder open to constraints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from nearfield_models.asr.engine import AsrCapabilities, Hypothesis
from nearfield_models.asr.moonshine_greedy import decode_greedily
from nearfield_models.asr.moonshine_model import MoonshineModel
from nearfield_models.asr.tokens import END, Tokens
from nearfield_models.asr.utterance import checked, cut_at_quiet_places, is_silent
from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.store import InstalledPack

LONGEST_SECONDS: Final = 24.0
"""The model goes on being right at 39 s, but its time grows with the square: 31 s in one piece take twice as
long as in two."""
SHORTEST_SAMPLES: Final = SAMPLE_RATE_HZ // 10
"""Nobody says a word in less than a tenth of a second; the model would make one up."""

_SURE_ENOUGH_NATS: Final = -1.0


class MoonshineAsr:
    """English speech to text; see `AsrEngine` for the contract.

    Attributes:
        model: Encoder and decoder apart, for searches of another kind.
        tokens: The token table that goes with them.
    """

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        self.tokens = Tokens.read(pack.file("tokenizer.bin"))
        self.model = MoonshineModel(
            open_session(pack.file("encoder_model.ort"), runtime),
            open_session(pack.file("decoder_model_merged.ort"), runtime),
        )

    @property
    def capabilities(self) -> AsrCapabilities:
        """What this engine can do."""
        return AsrCapabilities(
            languages=("en",), token_scores=True, constrainable=True, longest_seconds=LONGEST_SECONDS
        )

    def transcribe(
        self,
        samples: Samples,
        *,
        earlier: Hypothesis | None = None,
        cancellation: Cancellation | None = None,
    ) -> Hypothesis:
        """Recognise ``float32[n]`` at 16 kHz.

        Raises:
            EngineError: The model failed, or the samples are no such array.
            CancelledWorkError: ``cancellation`` was set.
        """
        parts = cut_at_quiet_places(checked(samples), int(LONGEST_SECONDS * SAMPLE_RATE_HZ))
        guess = self._guess(earlier) if len(parts) == 1 else ()
        return joined([self._transcribe_part(part, guess, cancellation) for part in parts])

    def warm_up(self) -> None:
        """Run once on a second of silence."""
        _, past = self.model.begin(self.model.encode(np.zeros(SAMPLE_RATE_HZ, np.float32)))
        self.model.extend(past, np.array([[END]], np.int64))

    def _transcribe_part(
        self, samples: Samples, guess: Sequence[int], cancellation: Cancellation | None
    ) -> Hypothesis:
        if cancellation is not None:
            cancellation.check()
        if samples.size < SHORTEST_SAMPLES or is_silent(samples):
            return Hypothesis(text="", stopped_by="silence")
        encoded = self.model.encode(samples)
        return decode_greedily(self.model, self.tokens, encoded, guess=guess, cancellation=cancellation)

    def _guess(self, earlier: Hypothesis | None) -> tuple[int, ...]:
        """The tokens of a partial, where they are worth a try.

        A partial that was unsure before its last two tokens would come to a near tie again and save nothing.
        One of another engine has no scores, or tokens of another table.
        """
        if earlier is None or not earlier.log_probabilities:
            return ()
        least_sure = min(earlier.log_probabilities[:-2], default=0.0)
        ours = all(END < token < len(self.tokens) for token in earlier.tokens)
        return earlier.tokens if ours and least_sure >= _SURE_ENOUGH_NATS else ()


def joined(parts: Sequence[Hypothesis]) -> Hypothesis:
    """Join the hypotheses of consecutive parts; the first that was stopped says why the whole was."""
    if len(parts) == 1:
        return parts[0]
    spoken = [part for part in parts if part.stopped_by != "silence"]
    reasons = [part.stopped_by for part in spoken if part.stopped_by != "end"]
    return Hypothesis(
        text=" ".join(part.text for part in spoken if part.text),
        tokens=tuple(token for part in spoken for token in part.tokens),
        log_probabilities=tuple(score for part in spoken for score in part.log_probabilities),
        stopped_by=reasons[0] if reasons else "end" if spoken else "silence",
    )
