"""The composition of engines: which class stands behind which name, and the pack it is given.

The tables are the one place to add an engine. Each entry imports its engine when it is chosen, so that a
runtime which is not used need not be installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from nearfield_models.asr.engine import AsrEngine
from nearfield_models.embedding.engine import EmbeddingEngine
from nearfield_models.errors import EngineError
from nearfield_models.language.engine import LanguageEngine
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.site_files import pack_or_file
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.turn.engine import TurnEngine
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeEngine

if TYPE_CHECKING:
    from nearfield_models.decoding.recogniser import SentenceListener
    from nearfield_models.grammar.grammar import Grammar
    from nearfield_models.wake.phrase import Compute
    from nearfield_models.wake.phrase_decision import Look

_Engine = TypeVar("_Engine")
_Entry = TypeVar("_Entry")
_Constructor = Callable[[InstalledPack, RuntimeOptions], _Engine]
_WakeConstructor = Callable[[InstalledPack, RuntimeOptions, Sequence[InstalledPack]], WakeEngine]


def _moonshine(pack: InstalledPack, runtime: RuntimeOptions) -> AsrEngine:
    from nearfield_models.asr.moonshine import MoonshineAsr

    return MoonshineAsr(pack, runtime)


def _sherpa(pack: InstalledPack, runtime: RuntimeOptions) -> AsrEngine:
    from nearfield_models.asr.sherpa import SherpaAsr

    return SherpaAsr(pack, runtime)


def _whisper_cpp(pack: InstalledPack, runtime: RuntimeOptions) -> AsrEngine:
    from nearfield_models.asr.whisper_cpp import WhisperCppAsr

    return WhisperCppAsr(pack, runtime)


def _silero(pack: InstalledPack, runtime: RuntimeOptions) -> VadEngine:
    from nearfield_models.vad.silero import SileroVad

    return SileroVad(pack, runtime)


def _micro_wake_word(
    pack: InstalledPack, runtime: RuntimeOptions, also: Sequence[InstalledPack]
) -> WakeEngine:
    from nearfield_models.wake.microwakeword import MicroWakeWord

    return MicroWakeWord(pack, runtime, also=also)


def _micro_wake_word_on_litert(
    pack: InstalledPack, runtime: RuntimeOptions, also: Sequence[InstalledPack]
) -> WakeEngine:
    from nearfield_models.wake.litert_microwakeword import LiteRtMicroWakeWord

    return LiteRtMicroWakeWord(pack, runtime, also=also)


def _open_wake_word(
    pack: InstalledPack, runtime: RuntimeOptions, also: Sequence[InstalledPack]
) -> WakeEngine:
    from nearfield_models.wake.openwakeword import OpenWakeWord

    return OpenWakeWord(pack, runtime, also=also)


def _smart_turn(pack: InstalledPack, runtime: RuntimeOptions) -> TurnEngine:
    from nearfield_models.turn.smart_turn import SmartTurn

    return SmartTurn(pack, runtime)


def _piper(pack: InstalledPack, runtime: RuntimeOptions) -> TtsEngine:
    from nearfield_models.tts.levels import LevelledVoice
    from nearfield_models.tts.piper import PiperVoice

    return LevelledVoice(PiperVoice(pack, runtime), pack.loudness_lufs)


def _minilm(pack: InstalledPack, runtime: RuntimeOptions) -> EmbeddingEngine:
    from nearfield_models.embedding.minilm import MiniLmEmbedding

    return MiniLmEmbedding(pack, runtime)


def _llama_cpp(pack: InstalledPack, runtime: RuntimeOptions) -> LanguageEngine:
    from nearfield_models.language.llama_cpp import LlamaCppLanguage

    return LlamaCppLanguage(pack, runtime)


# The first of each table is the default.
ASR_ENGINES: Final[Mapping[str, _Constructor[AsrEngine]]] = {
    "moonshine": _moonshine,
    "sherpa": _sherpa,
    "whisper-cpp": _whisper_cpp,
}
VAD_ENGINES: Final[Mapping[str, _Constructor[VadEngine]]] = {"silero": _silero}
WAKE_ENGINES: Final[Mapping[str, _WakeConstructor]] = {
    "microwakeword": _micro_wake_word,
    "microwakeword-litert": _micro_wake_word_on_litert,
    "openwakeword": _open_wake_word,
}
TURN_ENGINES: Final[Mapping[str, _Constructor[TurnEngine]]] = {"smart-turn": _smart_turn}
TTS_ENGINES: Final[Mapping[str, _Constructor[TtsEngine]]] = {"piper": _piper}
EMBEDDING_ENGINES: Final[Mapping[str, _Constructor[EmbeddingEngine]]] = {"minilm": _minilm}
LANGUAGE_ENGINES: Final[Mapping[str, _Constructor[LanguageEngine]]] = {"llama-cpp": _llama_cpp}


def load_asr(
    pack_id: str = "moonshine-tiny-en",
    *,
    engine: str | None = None,
    store: ModelStore | None = None,
    runtime: RuntimeOptions | None = None,
) -> AsrEngine:
    """Load a speech recogniser.

    Args:
        pack_id: A fetched pack of role ``asr``, or the path of a site's own model file.
        engine: A name in `ASR_ENGINES`; None means its first.
        store: Where packs lie; None means this user's store.
        runtime: Hardware and threads; None means the defaults.

    Raises:
        PackNotFoundError: The pack is not fetched.
        PackDamagedError: A file of the pack is missing or altered.
        RuntimeMissingError: What runs the engine is not installed.
        EngineError: No engine of that name, or the model cannot be loaded.
    """
    return _load(ASR_ENGINES, "speech recognition", engine, pack_id, store, runtime)


def load_vad(
    pack_id: str = "silero-vad",
    *,
    engine: str | None = None,
    store: ModelStore | None = None,
    runtime: RuntimeOptions | None = None,
) -> VadEngine:
    """Load a voice activity detector; arguments and errors as `load_asr`, names in `VAD_ENGINES`."""
    return _load(VAD_ENGINES, "voice activity detection", engine, pack_id, store, runtime)


def load_wake(
    pack_id: str = "microwakeword-alexa",
    *,
    also: Sequence[str] = (),
    engine: str | None = None,
    store: ModelStore | None = None,
    runtime: RuntimeOptions | None = None,
) -> WakeEngine:
    """Load a wake-word detector; errors as `load_asr`.

    Args:
        pack_id: A fetched pack of role ``wake``.
        also: Packs of further phrases, heard by the same detector for less than by one each.
        engine: A name in `WAKE_ENGINES`; None means its first.
        store: Where packs lie; None means this user's store.
        runtime: Hardware and threads; None means the defaults.
    """
    make = _chosen(WAKE_ENGINES, "wake words", engine)
    store = store or ModelStore.default()
    further = [store.installed(one) for one in also]
    return make(store.installed(pack_id), runtime or RuntimeOptions(), further)


def load_phrase_wake(
    phrases: Sequence[str],
    *,
    asr: AsrEngine,
    vad: VadEngine,
    sensitivity: float = 0.5,
    threshold: float | None = None,
    compute: Compute | None = None,
    on_look: Callable[[Look], None] | None = None,
) -> WakeEngine:
    """Make a detector of any phrases out of a recogniser and a voice detector; nothing is trained.

    Args:
        phrases: What to listen for, as people would write it.
        asr: A recogniser that can be constrained; it may be shared with whoever computes in the same thread.
        vad: A voice detector that nobody else feeds.
        sensitivity: 0..1; more hears more, and wakes more often by mistake.
        threshold: The evidence that a phrase needs; None takes what was measured for the sensitivity.
        compute: Where stretches of sound are scored; None computes in the caller's thread.
        on_look: Told of every stretch that was scored.

    Raises:
        WakePhraseError: A phrase cannot be said or recognised.
        EngineError: The recogniser cannot be constrained, or its model failed.
    """
    from nearfield_models.asr.moonshine import MoonshineAsr
    from nearfield_models.wake.phrase import PhraseWake, compute_here
    from nearfield_models.wake.phrase_scoring import PhraseScorer
    from nearfield_models.wake.phrase_sensitivity import shipped_calibration

    if not isinstance(asr, MoonshineAsr):
        raise EngineError("a wake phrase needs a recogniser whose decoder is open: choose moonshine")
    return PhraseWake(
        PhraseScorer(asr, phrases),
        vad,
        threshold=shipped_calibration().threshold(sensitivity) if threshold is None else threshold,
        compute=compute or compute_here,
        on_look=on_look,
    )


def load_turn(
    pack_id: str = "smart-turn-v3",
    *,
    engine: str | None = None,
    store: ModelStore | None = None,
    runtime: RuntimeOptions | None = None,
) -> TurnEngine:
    """Load an end-of-turn detector; arguments and errors as `load_asr`, names in `TURN_ENGINES`."""
    return _load(TURN_ENGINES, "end of turn", engine, pack_id, store, runtime)


def load_tts(
    pack_id: str = "piper-en-us-joe-medium",
    *,
    engine: str | None = None,
    store: ModelStore | None = None,
    runtime: RuntimeOptions | None = None,
) -> TtsEngine:
    """Load a voice; arguments and errors as `load_asr`, names in `TTS_ENGINES`."""
    return _load(TTS_ENGINES, "speech synthesis", engine, pack_id, store, runtime)


def load_embedding(
    pack_id: str = "minilm-l6-v2-int8",
    *,
    engine: str | None = None,
    store: ModelStore | None = None,
    runtime: RuntimeOptions | None = None,
) -> EmbeddingEngine:
    """Load sentence embeddings; arguments and errors as `load_asr`, names in `EMBEDDING_ENGINES`."""
    return _load(EMBEDDING_ENGINES, "sentence embeddings", engine, pack_id, store, runtime)


def load_language(
    pack_id: str = "gemma3-270m",
    *,
    engine: str | None = None,
    store: ModelStore | None = None,
    runtime: RuntimeOptions | None = None,
) -> LanguageEngine:
    """Load a language model; arguments and errors as `load_asr`, names in `LANGUAGE_ENGINES`."""
    return _load(LANGUAGE_ENGINES, "language models", engine, pack_id, store, runtime)


def _load(
    table: Mapping[str, _Constructor[_Engine]],
    purpose: str,
    engine: str | None,
    pack_id: str,
    store: ModelStore | None,
    runtime: RuntimeOptions | None,
) -> _Engine:
    make = _chosen(table, purpose, engine)
    pack = pack_or_file(pack_id, store or ModelStore.default())
    return make(pack, runtime or RuntimeOptions())


def _chosen(table: Mapping[str, _Entry], purpose: str, engine: str | None) -> _Entry:
    name = engine or next(iter(table))
    if name not in table:
        raise EngineError(f"there is no engine {name!r} for {purpose}: choose {' or '.join(table)}")
    return table[name]


def sentence_listener(asr: AsrEngine, grammar: Grammar, *, pack_id: str) -> SentenceListener | None:
    """Let a recogniser listen for the sentences of a grammar.

    Args:
        asr: The recogniser.
        grammar: What can be said.
        pack_id: The recogniser's pack: its scores have a calibration of their own.

    Returns:
        None where the recogniser does not show its decoder, or where its scores were never calibrated: then
        only its text can be matched.

    Raises:
        EngineError: The model failed, or the calibration is damaged.
    """
    from nearfield_models.asr.moonshine import MoonshineAsr
    from nearfield_models.decoding.calibration import read_calibration
    from nearfield_models.decoding.recogniser import GrammarRecogniser

    if not isinstance(asr, MoonshineAsr):
        return None
    calibration = read_calibration(pack_id)
    if calibration is None:
        return None
    return GrammarRecogniser(asr.model, asr.tokens, grammar, calibration)
