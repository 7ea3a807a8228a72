"""The device's configuration: the tree, and how it is read."""

from nearfield_edge.configuration.sound import AudioSection, WakeSection, WebSocketSection
from nearfield_edge.configuration.tree import Configuration, parse_configuration, read_configuration

__all__ = [
    "AudioSection",
    "Configuration",
    "WakeSection",
    "WebSocketSection",
    "parse_configuration",
    "read_configuration",
]
