"""What the device says again and again, and the voice that keeps it.

Only texts that are the same for everybody are kept on disk: the device's own phrases, replies of skills that
have no variables, and what the site lists. A reply that was filled in may hold a name or an order, so no
such reply is ever kept, not even in memory.
"""

from __future__ import annotations

from collections.abc import Iterable

from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.configuration import Configuration
from nearfield_edge.phrases import fixed_phrases
from nearfield_edge.skills.loading import Skill
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.prompt_store import PromptStore
from nearfield_models.tts.prompt_voice import PromptVoice

_MEGABYTE = 1024 * 1024


def prompt_texts(skills: Iterable[Skill], configuration: Configuration) -> tuple[str, ...]:
    """The texts to keep, those first that are most needed at once: what is said when something went wrong."""
    replies = (text for skill in skills for text in skill.replies.fixed_texts)
    return tuple(dict.fromkeys((*fixed_phrases(), *replies, *configuration.prompts.texts)))


def prompt_voice(place: Surroundings, skills: Iterable[Skill], voice: TtsEngine | None) -> PromptVoice | None:
    """A voice that keeps its prompts in the device's data; None without a voice, or where nothing is kept."""
    wanted = place.configuration.prompts
    if voice is None or not wanted.keep or not voice.capabilities.fingerprint:
        return None
    store = PromptStore(
        place.configuration.device.prompts,
        voice.capabilities.fingerprint,
        most_bytes=wanted.most_megabytes * _MEGABYTE,
        counters=place.counters,
    )
    texts = prompt_texts(skills, place.configuration)
    return PromptVoice(voice, store, texts, counters=place.counters)
