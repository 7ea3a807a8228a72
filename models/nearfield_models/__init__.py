"""Everything that runs a model: packs, runtimes, engines by role, the grammar automaton.

Engines are functions of samples, text and state; they know nothing of turns or devices::

    from nearfield_models import load_asr

    asr = load_asr("moonshine-tiny-en")
    print(asr.transcribe(samples).text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nearfield_models.engines import load_asr as load_asr
    from nearfield_models.engines import load_embedding as load_embedding
    from nearfield_models.engines import load_tts as load_tts
    from nearfield_models.engines import load_vad as load_vad
    from nearfield_models.engines import load_wake as load_wake

__all__ = ["load_asr", "load_embedding", "load_tts", "load_vad", "load_wake"]


def __getattr__(name: str) -> Any:
    """Import the composition when it is first asked for: most importers want one small module only."""
    if name in __all__:
        from nearfield_models import engines

        return getattr(engines, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
