"""What understands words that are no sentence of any skill, as the configuration wants it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.skills.loading import Skill
from nearfield_edge.understanding.paraphrases import Lesson, Paraphrases
from nearfield_models.embedding.engine import EmbeddingEngine
from nearfield_models.engines import load_embedding
from nearfield_models.errors import ModelsError
from nearfield_models.grammar.grammar import Grammar
from nearfield_models.intents import Example, teaching_of
from nearfield_models.policy import named_policy, require_accepted
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore

LANGUAGE: Final = "en"
"""Of the embedding, and so of what is learned."""


def paraphrases_of(
    place: Surroundings, grammar: Grammar, skills: Iterable[Skill], store: ModelStore | None = None
) -> Paraphrases | None:
    """What learns the skills' sentences; None where the site does not want it.

    Nothing is loaded yet. A pack that is missing or not accepted is told when it is to be loaded.

    Args:
        place: What every part shares.
        grammar: Of the skills.
        skills: Their examples are taught beside what the grammar says.
        store: Where packs lie; None means this user's store.
    """
    wanted = place.configuration.understanding
    if not wanted.paraphrases:
        return None
    packs = store or ModelStore.default()
    return Paraphrases(
        Lesson(
            folder=place.configuration.device.models,
            load_engine=partial(_load, place, packs),
            teach=partial(teaching_of, grammar, examples_of(skills, grammar), language=LANGUAGE),
            versions=_versions(wanted.embedding, packs),
        )
    )


def examples_of(skills: Iterable[Skill], grammar: Grammar) -> tuple[Example, ...]:
    """What skills teach beyond their sentences.

    Args:
        skills: Those whose examples are wanted; what is said in another language is left out.
        grammar: Knows their languages.
    """
    languages = {skill.skill: skill.language.split("-")[0] for skill in grammar.skills}
    return tuple(
        Example(skill=skill.id, intent=intent, text=text)
        for skill in skills
        if languages.get(skill.id) == LANGUAGE
        for intent, texts in skill.examples.items()
        for text in texts
    )


def _load(place: Surroundings, store: ModelStore) -> EmbeddingEngine:
    pack = place.configuration.understanding.embedding
    require_accepted([store.catalogue.manifest(pack)], named_policy(place.configuration.device.profile))
    # Sentences are short: a second thread gains nothing, and a kept graph is larger than the model.
    return load_embedding(pack, store=store, runtime=RuntimeOptions(threads=1))


def _versions(pack: str, store: ModelStore) -> dict[str, str]:
    try:
        return {pack: store.installed(pack).digest}
    except ModelsError:
        return {}
