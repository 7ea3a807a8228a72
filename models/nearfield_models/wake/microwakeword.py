"""microWakeWord: small streaming networks, one for each phrase, over one shared feature front end.

Each 10 ms hop becomes 40 features; each network takes them in strides and gives a probability, and its mean
over a short window decides.

Source: kahrendt/microWakeWord; run by OHF-Voice/pymicro-wakeword.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.pcm import HOP_BYTES
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack
from nearfield_models.wake.engine import WakeCapabilities, WakeDetection
from nearfield_models.wake.model_card import read_model_card
from nearfield_models.wake.refractory import REFRACTORY_MS, Refractory


class MicroWakeWord:
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
            runtime: Not used: the networks bring their own interpreter, and are too small for threads.
            also: Further phrases, which then share the features.
            refractory_ms: How long nothing is reported after a detection.

        Raises:
            RuntimeMissingError: ``pymicro-wakeword`` is not installed.
            PackDamagedError: A file of a pack is not what it should be.
        """
        del runtime
        try:
            import pymicro_wakeword
        except ImportError as error:
            raise RuntimeMissingError(
                "pymicro-wakeword is not installed: install the extra with `pip install 'nearfield[models]'`"
            ) from error
        self._features = pymicro_wakeword.MicroWakeWordFeatures()
        self._networks = [_load(pymicro_wakeword, one) for one in (pack, *also)]
        self._refractory = Refractory(refractory_ms)

    @property
    def capabilities(self) -> WakeCapabilities:
        """The phrases, as the packs spell them."""
        return WakeCapabilities(
            phrases=tuple(str(network.wake_word) for network in self._networks),
            refractory_ms=self._refractory.refractory_ms,
        )

    def accept(self, hop: bytes) -> WakeDetection | None:
        """Take 160 samples of int16 little-endian and say whether a phrase was just completed.

        Raises:
            EngineError: The hop has another length.
        """
        if len(hop) != HOP_BYTES:
            raise EngineError(f"a hop of {len(hop)} bytes was given to the wake word: expected {HOP_BYTES}")
        heard: WakeDetection | None = None
        for features in self._features.process_streaming(hop):
            for network in self._networks:
                score = network.process_streaming_prob(features)
                if score > network.probability_cutoff and (heard is None or score > heard.score):
                    heard = WakeDetection(phrase=network.wake_word, score=min(1.0, score))
        return self._refractory.admit(heard)

    def reset(self) -> None:
        """Forget everything heard."""
        # A network's own memory is only cleared by loading it again, which its ``reset`` does in 0.2 ms.
        self._features.reset()
        self._refractory.reset()
        for network in self._networks:
            network.reset()


def _load(library: Any, pack: InstalledPack) -> Any:
    found = read_model_card(pack)
    card = found.card
    return library.MicroWakeWord(
        pack.id,
        wake_word=card.wake_word,
        tflite_model=found.network,
        probability_cutoff=card.micro.probability_cutoff,
        sliding_window_size=card.micro.sliding_window_size,
        trained_languages=card.trained_languages,
        libtensorflowlite_c_path=_interpreter(Path(library.__file__).parent / "lib"),
    )


def _interpreter(folder: Path) -> Path:
    library = next(iter(sorted(folder.glob("*tensorflowlite_c.*"))), None)
    if library is None:
        raise RuntimeMissingError(
            f"pymicro-wakeword has no interpreter in {folder}: install its wheel for this platform"
        )
    return library
