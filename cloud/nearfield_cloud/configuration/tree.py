"""The cloud's configuration: one TOML file, read in one place into one tree with defaults.

Without a file every default holds, and the service works: SQLite, limits in the process, answers composed
from passages. An unknown key is an error that names the nearest known one; every limit on what comes from
outside is a field here. Nothing here opens a file of its own, a model or a connection.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field

from nearfield_cloud.configuration.composing import ComposingSection
from nearfield_cloud.configuration.identity import IdentitySection, StorageSection
from nearfield_cloud.configuration.knowledge import KnowledgeSection
from nearfield_cloud.configuration.language_model import LanguageModelSection
from nearfield_cloud.configuration.observing import ObservingSection
from nearfield_cloud.configuration.orchestrator import OrchestratorSection
from nearfield_cloud.configuration.realtime import Realtime
from nearfield_cloud.configuration.server import LimitsSection, LogSection, ServerSection
from nearfield_cloud.configuration.tools import Name, ToolServerSection
from nearfield_cloud.errors import ConfigurationError
from nearfield_sync.configuration_file import parse_tree, read_tree
from nearfield_sync.section import Section


def _data_folder() -> Path:
    """`NEARFIELD_CLOUD_HOME`, or a folder of the user's."""
    named = os.environ.get("NEARFIELD_CLOUD_HOME")
    return Path(named) if named else Path.home() / ".local" / "share" / "nearfield-cloud"


class Configuration(Section):
    """The whole tree."""

    data: Path = Field(default_factory=_data_folder)
    """Where databases, keys and ingested documents lie."""
    realtime: Realtime = Realtime()
    server: ServerSection = ServerSection()
    storage: StorageSection = StorageSection()
    identity: IdentitySection = IdentitySection()
    limits: LimitsSection = LimitsSection()
    log: LogSection = LogSection()
    observing: ObservingSection = ObservingSection()
    knowledge: KnowledgeSection = KnowledgeSection()
    orchestrator: OrchestratorSection = OrchestratorSection()
    tools: dict[Name, ToolServerSection] = Field(default_factory=dict)
    language_model: LanguageModelSection = LanguageModelSection()
    composing: ComposingSection = ComposingSection()


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
