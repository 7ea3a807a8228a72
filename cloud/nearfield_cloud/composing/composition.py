"""Which composer the configuration asks for."""

from __future__ import annotations

from nearfield_cloud.composing.composer import Composer
from nearfield_cloud.composing.extract import Embed, ExtractiveComposer
from nearfield_cloud.composing.judgement import shipped_judgement
from nearfield_cloud.configuration.composing import ComposingSection
from nearfield_models.engines import load_language


def make_composer(settings: ComposingSection, embed: Embed) -> Composer:
    """Make it; loading a local model takes seconds, so call this off the event loop.

    Args:
        settings: The section of the configuration.
        embed: Gives sentence vectors, such as ``Meaning.of``.

    Raises:
        ComposingError: The weights cannot be read.
        ModelsError: The local model is asked for and cannot be loaded.
    """
    extract = ExtractiveComposer(embed, shipped_judgement(), settings)
    if settings.composer == "extract":
        return extract
    # Imported where it is asked for: the default needs none of it.
    from nearfield_cloud.composing.local_model import LocalModelComposer

    return LocalModelComposer(extract, load_language(settings.local_model), settings)
