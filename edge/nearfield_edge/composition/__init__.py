"""Building the device from its configuration: the one place where parts are chosen and joined."""

from nearfield_edge.composition.device import Device
from nearfield_edge.composition.echo import microphone_cleaning
from nearfield_edge.composition.interpretation import paraphrases_of
from nearfield_edge.composition.knowledge import Knowledge, gather_knowledge, grammar_of, load_skill_runtime
from nearfield_edge.composition.patience import turn_settings
from nearfield_edge.composition.stores import (
    open_cloud_files,
    open_conversation,
    open_effects,
    open_outbox,
    open_recordings,
    open_turns,
)
from nearfield_edge.composition.surroundings import Surroundings, surroundings

__all__ = [
    "Device",
    "Knowledge",
    "Surroundings",
    "gather_knowledge",
    "grammar_of",
    "load_skill_runtime",
    "microphone_cleaning",
    "open_cloud_files",
    "open_conversation",
    "open_effects",
    "open_outbox",
    "open_recordings",
    "open_turns",
    "paraphrases_of",
    "surroundings",
    "turn_settings",
]
