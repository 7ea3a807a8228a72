"""The engines of calls: loaded once, shared by all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nearfield_cloud.configuration.realtime import Engines
from nearfield_models.asr.engine import AsrEngine
from nearfield_models.engines import load_asr, load_tts, load_turn, load_vad
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.turn.engine import TurnEngine
from nearfield_models.vad.engine import VadEngine
from nearfield_models.vad.silero import SileroVad


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEngines:
    """What hears and speaks for all calls; each engine is used by one thread."""

    asr: AsrEngine
    tts: TtsEngine
    turn: TurnEngine
    new_vad: Callable[[], VadEngine]
    """A detector for one more stream."""


def load_call_engines(section: Engines) -> CallEngines:
    """Load what calls need and warm it up; takes seconds.

    Raises:
        ModelsError: A pack is not fetched or cannot be loaded.
    """
    runtime = RuntimeOptions(threads=section.threads)
    vad = load_vad(section.vad, runtime=runtime)
    engines = CallEngines(
        asr=load_asr(section.asr, runtime=runtime),
        tts=load_tts(section.voice, runtime=runtime),
        turn=load_turn(section.turn, runtime=runtime),
        # the network is shared: a thousand streams cost a thousand small states
        new_vad=vad.another if isinstance(vad, SileroVad) else lambda: load_vad(section.vad, runtime=runtime),
    )
    for engine in (engines.asr, engines.tts, engines.turn):
        engine.warm_up()
    return engines
