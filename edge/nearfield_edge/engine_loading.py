"""Loading the models that a command needs, side by side, after the licence policy has judged their packs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from nearfield_edge.configuration import Configuration
from nearfield_models.asr.engine import AsrEngine
from nearfield_models.engines import load_asr, load_tts, load_vad, load_wake
from nearfield_models.policy import named_policy, require_accepted
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The models that hear and speak; those a command does not need are None."""

    wake: tuple[WakeEngine, ...] = ()
    vad: VadEngine | None = None
    phrase_vad: VadEngine | None = None
    """Listens for the site's own wake phrases, while nobody is listened to."""
    asr: AsrEngine | None = None
    tts: TtsEngine | None = None
    versions: dict[str, str]
    """Pack ids with the digests of what is really loaded."""
    notices: tuple[str, ...] = ()
    """What the licence policy wants said about them."""


def load_engines(configuration: Configuration, *, hear: bool, speak: bool) -> Engines:
    """Load the models a command needs, side by side.

    Raises:
        ModelsError: A pack is missing, damaged or not accepted, or a model cannot be loaded.
    """
    chosen = configuration.engines
    store = ModelStore.default()
    listens = hear and configuration.wake.mode == "wake"
    wake_packs = configuration.wake.packs_in_use if listens else ()
    phrases = configuration.wake.phrase if listens else ()
    packs = [*wake_packs]
    packs += [configuration.vad.pack, chosen.asr] if hear else []
    packs += [chosen.tts] if speak else []
    policy = named_policy(configuration.device.profile)
    verdicts = require_accepted([store.catalogue.manifest(pack) for pack in packs], policy)
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
        vad = pool.submit(load_vad, configuration.vad.pack, store=store, runtime=small) if hear else None
        phrase_vad = (
            pool.submit(load_vad, configuration.vad.pack, store=store, runtime=small) if phrases else None
        )
        wake = (
            pool.submit(load_wake, wake_packs[0], also=wake_packs[1:], store=store, runtime=small)
            if wake_packs
            else None
        )
        return Engines(
            wake=(wake.result(),) if wake else (),
            vad=vad.result() if vad else None,
            phrase_vad=phrase_vad.result() if phrase_vad else None,
            asr=asr.result() if asr else None,
            tts=tts.result() if tts else None,
            versions={pack: store.installed(pack).digest for pack in packs},
            notices=tuple(verdict.notice for verdict in verdicts if verdict.notice),
        )
