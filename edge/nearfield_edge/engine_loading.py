"""Loading the models that a command needs, side by side, after the licence policy has judged their packs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from nearfield_edge.configuration import Configuration
from nearfield_edge.porcupine import load_porcupine
from nearfield_models.asr.engine import AsrEngine
from nearfield_models.engines import load_asr, load_tts, load_turn, load_vad, load_wake
from nearfield_models.policy import named_policy, require_accepted
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.site_files import is_file_name, pack_or_file
from nearfield_models.store import ModelStore
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.lexicon import Lexicon, LexiconVoice, read_lexicon
from nearfield_models.turn.engine import TurnEngine
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The models that hear and speak; those a command does not need are None."""

    wake: tuple[WakeEngine, ...] = ()
    vad: VadEngine | None = None
    phrase_vad: VadEngine | None = None
    """Listens for the site's own wake phrases, while nobody is listened to."""
    turn: TurnEngine | None = None
    """Judges whether somebody has finished."""
    asr: AsrEngine | None = None
    tts: TtsEngine | None = None
    versions: dict[str, str]
    """Pack ids with the digests of what is really loaded."""
    notices: tuple[str, ...] = ()
    """What the licence policy wants said about them."""


def load_engines(configuration: Configuration, *, hear: bool, speak: bool) -> Engines:
    """Load the models a command needs, side by side.

    Raises:
        ModelsError: A pack is missing, damaged or not accepted, a model cannot be loaded, or the site's
            lexicon is wrong.
        EdgeError: Porcupine is refused here, or lacks its key or its keywords.
    """
    chosen = configuration.engines
    store = ModelStore.default()
    listens = hear and configuration.wake.mode == "wake"
    wake_packs = configuration.wake.packs_in_use if listens else ()
    by_porcupine = listens and configuration.wake.engine == "porcupine"
    phrases = configuration.wake.phrase if listens else ()
    packs = [*wake_packs]
    packs += [configuration.vad.pack, chosen.asr] if hear else []
    packs += [configuration.turn.pack] if hear and configuration.turn.pack else []
    packs += [chosen.tts] if speak else []
    policy = named_policy(configuration.device.profile)
    described = [store.catalogue.manifest(pack) for pack in packs if not is_file_name(pack)]
    verdicts = require_accepted(described, policy)
    lexicon = read_lexicon(chosen.lexicon) if speak and chosen.lexicon else None
    runtime = RuntimeOptions(
        engine=chosen.runtime,
        providers=chosen.providers,
        device=chosen.openvino_device,
        threads=chosen.threads,
        cache_folder=configuration.device.data / "compiled",
    )
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="load") as pool:
        asr_runtime = replace(runtime, engine="onnxruntime")
        asr = (
            pool.submit(load_asr, chosen.asr, engine=chosen.asr_engine, store=store, runtime=asr_runtime)
            if hear
            else None
        )
        tts = pool.submit(load_tts, chosen.tts, store=store, runtime=runtime) if speak else None
        small = replace(runtime, threads=1)
        turn_pack = configuration.turn.pack if hear else ""
        turn = pool.submit(load_turn, turn_pack, store=store, runtime=asr_runtime) if turn_pack else None
        vad = pool.submit(load_vad, configuration.vad.pack, store=store, runtime=small) if hear else None
        phrase_vad = (
            pool.submit(load_vad, configuration.vad.pack, store=store, runtime=small) if phrases else None
        )
        wake = []
        if wake_packs:
            engine, also = configuration.wake.engine, wake_packs[1:]
            wake.append(
                pool.submit(load_wake, wake_packs[0], also=also, engine=engine, store=store, runtime=small)
            )
        if by_porcupine:
            wake.append(pool.submit(load_porcupine, configuration))
        return Engines(
            wake=tuple(engine.result() for engine in wake),
            vad=vad.result() if vad else None,
            phrase_vad=phrase_vad.result() if phrase_vad else None,
            turn=turn.result() if turn else None,
            asr=asr.result() if asr else None,
            tts=_voice(tts.result(), lexicon) if tts else None,
            versions={pack.id: pack.digest for pack in (pack_or_file(name, store) for name in packs)}
            | ({} if lexicon is None else {"lexicon": lexicon.digest}),
            notices=tuple(verdict.notice for verdict in verdicts if verdict.notice),
        )


def _voice(voice: TtsEngine, lexicon: Lexicon | None) -> TtsEngine:
    return voice if lexicon is None else LexiconVoice(voice, lexicon)
