"""Makes the composer that the configuration asks for."""

from __future__ import annotations

from nearfield_cloud.composing.composer import Composer
from nearfield_cloud.composing.extract import Embed, ExtractiveComposer
from nearfield_cloud.composing.judgement import shipped_judgement
from nearfield_cloud.configuration.composing import ComposingSection


def open_composer(section: ComposingSection, embed: Embed) -> Composer:
    """The composer.

    Args:
        section: Which one, and how careful it is.
        embed: Embeds sentences off the event loop.
    """
    return ExtractiveComposer(embed, shipped_judgement(), section)
