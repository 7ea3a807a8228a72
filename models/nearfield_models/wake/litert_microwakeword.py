"""microWakeWord's networks on LiteRT: the same packs as `MicroWakeWord`, on a runtime that is kept up.

Each 10 ms hop becomes 40 features (TFLite Micro's audio front end, 30 ms windows); a network takes as many as
its stride at once, remembers what it needs of the past and gives a probability; the mean over the card's
window decides. Scores are those of ``pymicro-wakeword``, bit for bit.

Source: kahrendt/microWakeWord.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.pcm import HOP_BYTES
from nearfield_models.runtime.lite_rt import StreamingNetwork
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack
from nearfield_models.wake.engine import WakeCapabilities, WakeDetection
from nearfield_models.wake.model_card import read_model_card
from nearfield_models.wake.refractory import REFRACTORY_MS, Refractory

_FEATURES: Final = 40
_BYTES_PER_SAMPLE: Final = 2


class LiteRtMicroWakeWord:
    """Waits for one or several phrases."""

    def __init__(
        self,
        pack: InstalledPack,
        runtime: RuntimeOptions,
        *,
        also: Sequence[InstalledPack] = (),
        refractory_ms: int = REFRACTORY_MS,
    ) -> None:
        """Load the networks.

        Args:
            pack: The phrase to wait for.
            runtime: Not used: the networks are too small for threads.
            also: Further phrases, which then share the features.
            refractory_ms: How long nothing is reported after a detection.

        Raises:
            RuntimeMissingError: LiteRT or the front end is not installed.
            PackDamagedError: A file of a pack is not what it should be.
            EngineError: A network is of another kind.
        """
        del runtime
        self._front_end = _FrontEnd()
        self._listeners = [_Listener(one) for one in (pack, *also)]
        self._refractory = Refractory(refractory_ms)

    @property
    def capabilities(self) -> WakeCapabilities:
        """The phrases, as the packs spell them."""
        return WakeCapabilities(
            phrases=tuple(listener.phrase for listener in self._listeners),
            refractory_ms=self._refractory.refractory_ms,
        )

    def accept(self, hop: bytes) -> WakeDetection | None:
        """Take 160 samples of int16 little-endian and say whether a phrase was just completed.

        Raises:
            EngineError: The hop has another length, or a network failed.
        """
        if len(hop) != HOP_BYTES:
            raise EngineError(f"a hop of {len(hop)} bytes was given to the wake word: expected {HOP_BYTES}")
        heard: WakeDetection | None = None
        for features in self._front_end.accept(hop):
            for listener in self._listeners:
                score = listener.accept(features)
                if score > listener.cutoff and (heard is None or score > heard.score):
                    heard = WakeDetection(phrase=listener.phrase, score=min(1.0, score))
        return self._refractory.admit(heard)

    def reset(self) -> None:
        """Forget everything heard."""
        self._front_end.reset()
        self._refractory.reset()
        for listener in self._listeners:
            listener.reset()


class _FrontEnd:
    """From hops to features: 40 values for each 10 ms, from the third hop on."""

    def __init__(self) -> None:
        try:
            from pymicro_features import MicroFrontend
        except ImportError as error:
            raise RuntimeMissingError(
                "pymicro-features is not installed: install the extra with `pip install 'nearfield[litert]'`"
            ) from error
        self._library: Any = MicroFrontend()

    def accept(self, hop: bytes) -> list[NDArray[np.float64]]:
        """Features of shape [40], for each window that the hop completes."""
        made = []
        while hop:
            given = self._library.process_samples(hop)
            hop = hop[given.samples_read * _BYTES_PER_SAMPLE :]
            if given.features:
                made.append(np.array(given.features))
        return made

    def reset(self) -> None:
        self._library.reset()


class _Listener:
    """One network and its latest probabilities."""

    def __init__(self, pack: InstalledPack) -> None:
        found = read_model_card(pack)
        self.phrase = found.card.wake_word
        self.cutoff = found.card.micro.probability_cutoff
        self._network = StreamingNetwork(found.network)
        shape = self._network.input_shape
        if len(shape) != 3 or shape[0] != 1 or shape[2] != _FEATURES:
            raise EngineError(
                f"{found.network} is no microWakeWord network: it takes {list(shape)} instead of "
                f"[1, stride, {_FEATURES}]"
            )
        self._stride = shape[1]
        self._gathered: list[NDArray[np.float64]] = []
        self._probabilities: deque[float] = deque(maxlen=found.card.micro.sliding_window_size)

    def accept(self, features: NDArray[np.float64]) -> float:
        """The mean over the window; 0 between strides and until the window is full."""
        self._gathered.append(features)
        if len(self._gathered) < self._stride:
            return 0.0
        given = self._network.step(np.stack(self._gathered)[np.newaxis])
        self._gathered.clear()
        self._probabilities.append(float(given.flat[0]))
        if len(self._probabilities) < (self._probabilities.maxlen or 0):
            return 0.0
        return sum(self._probabilities) / len(self._probabilities)

    def reset(self) -> None:
        self._network.forget()
        self._gathered.clear()
        self._probabilities.clear()
