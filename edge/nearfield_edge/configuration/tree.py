"""The device's configuration: one TOML file, read in one place into one tree with defaults.

Without a file every default holds, and the device works. An unknown key is an error that names the nearest
known one; every limit on what comes from outside is a field here. Nothing here opens a device, a model or a
connection.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from nearfield_edge.configuration.cloud import CloudSection
from nearfield_edge.configuration.device import DeviceSection, LogSection, MqttSection, RecordsSection
from nearfield_edge.configuration.observing import ObservingSection
from nearfield_edge.configuration.page import PageSection
from nearfield_edge.configuration.sound import (
    AudioSection,
    FrontEndSection,
    PromptsSection,
    TurnSection,
    VadSection,
    WakeSection,
)
from nearfield_edge.configuration.understanding import (
    EngineSection,
    PolicySection,
    SkillsSection,
    UnderstandingSection,
)
from nearfield_edge.errors import ConfigurationError
from nearfield_sync.configuration_file import parse_tree, read_tree
from nearfield_sync.section import Section


class Configuration(Section):
    """The whole tree."""

    device: DeviceSection = Field(default_factory=DeviceSection)
    audio: AudioSection = AudioSection()
    front_end: FrontEndSection = FrontEndSection()
    wake: WakeSection = WakeSection()
    vad: VadSection = VadSection()
    turn: TurnSection = TurnSection()
    engines: EngineSection = EngineSection()
    prompts: PromptsSection = PromptsSection()
    skills: SkillsSection = SkillsSection()
    understanding: UnderstandingSection = UnderstandingSection()
    mqtt: MqttSection = MqttSection()
    policy: PolicySection = PolicySection()
    cloud: CloudSection = Field(default_factory=CloudSection)
    records: RecordsSection = RecordsSection()
    page: PageSection = PageSection()
    log: LogSection = LogSection()
    observing: ObservingSection = ObservingSection()

    @model_validator(mode="after")
    def _page_is_there(self) -> Configuration:
        if not self.page.enabled and "page" in (self.audio.source, self.audio.sink):
            raise ValueError('audio.source or audio.sink is "page", which page.enabled = false switches off')
        return self


def read_configuration(path: Path | None) -> Configuration:
    """Read the file, or give the defaults where ``path`` is None.

    Raises:
        ConfigurationError: The file cannot be read, is not TOML, or a key or value is wrong.
    """
    return read_tree(Configuration, path, ConfigurationError)


def parse_configuration(raw: dict[str, Any], *, where: str) -> Configuration:
    """Check a parsed tree.

    Raises:
        ConfigurationError: A key or value is wrong; an unknown key is answered with the nearest known one.
    """
    return parse_tree(Configuration, raw, where=where, error=ConfigurationError)
