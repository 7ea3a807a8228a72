"""The ways to a meaning that need no sentence, and which of them counts.

The text of a recogniser that gives nothing else is matched by its sound; any text may be a paraphrase. What
is sure goes first, and sound before paraphrase: it knows every word, and not only what the words are about.
Typed words are never matched by sound. Nobody misheard them, and by sound a value that is not offered is
often taken for a near one. A paraphrase that says more than its values and ordinary words is less sure: what
is left over may be a value that nobody offers, and nothing would be heard of it. A guess that is not sure
enough to act upon brings a sentence that means it, to be asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_edge.routing.policy import RoutingPolicy
from nearfield_edge.turn.content import Transcript
from nearfield_edge.understanding.paraphrases import Paraphrases
from nearfield_edge.understanding.strays import stray_words
from nearfield_edge.understanding.telling import told
from nearfield_models.grammar import Grammar
from nearfield_models.grammar.phonetic_index import PhoneticIndex
from nearfield_models.grammar.phonetic_matching import match_phonetically
from nearfield_models.grammar.spotting import spot_values
from nearfield_models.intents import possible_intents
from nearfield_sync.messages.turn_record import Understanding

STRAYED: Final = 0.8
"""What remains of the confidence in a paraphrase with values and a word that nothing accounts for."""
Contexts = Sequence[Mapping[str, str]]


class GuessingInterpreter:
    """Guesses by sound and as a paraphrase; an `Interpreter`."""

    def __init__(
        self,
        executor: InferenceExecutor,
        policy: RoutingPolicy,
        *,
        paraphrases: Paraphrases | None,
        by_sound: bool,
    ) -> None:
        """Take the parts.

        Args:
            executor: Where everything is computed: what is used here is for one thread.
            policy: How sure a guess must be.
            paraphrases: None where they are not wanted.
            by_sound: Whether the text of a recogniser that gives nothing else is matched by its sound.
        """
        self._executor = executor
        self._policy = policy
        self._paraphrases = paraphrases
        self._by_sound = by_sound
        self._index = PhoneticIndex()

    async def prepare(self, grammar: Grammar) -> None:
        """Have everything at hand before anybody speaks; also after a list of the grammar has changed.

        Raises:
            RuntimeMissingError: What knows how words sound is not installed.
            CancelledWorkError: The device is being closed.
        """
        if self._paraphrases is not None:
            await self._paraphrases.load()
        if self._by_sound or self._paraphrases is not None:
            await self._executor.run(Priority.BACKGROUND, partial(self._index.prepare, grammar))

    async def understand(
        self, grammar: Grammar, transcript: Transcript, contexts: Contexts
    ) -> Understanding | None:
        """As `Interpreter` says."""
        if self._paraphrases is not None:
            await self._paraphrases.load()  # long since done in a device that listens
        work = partial(self._best, grammar, transcript, contexts)
        return await self._executor.run(Priority.LIVE, work)

    def _best(self, grammar: Grammar, transcript: Transcript, contexts: Contexts) -> Understanding | None:
        askable: Understanding | None = None
        for found in self._guesses(grammar, transcript, contexts):
            wanted = self._policy.sure_enough(found.source)
            if found.confidence >= wanted.act_confidence:
                return found
            if askable is None and found.confidence >= wanted.clarify_confidence:
                askable = found
        if askable is None:
            return None
        sentence = told(grammar, askable, transcript.text, contexts)
        return askable if sentence is None else replace(askable, alternatives=(sentence,))

    def _guesses(
        self, grammar: Grammar, transcript: Transcript, contexts: Contexts
    ) -> Iterator[Understanding]:
        if self._by_sound and transcript.readings is None and not transcript.typed:
            yield from self._alike(grammar, transcript.text, contexts)
        if self._paraphrases is not None:
            yield from self._paraphrase(self._paraphrases, grammar, transcript.text, contexts[0])

    def _alike(self, grammar: Grammar, text: str, contexts: Contexts) -> Iterator[Understanding]:
        """What sounds most like the text; of equals what goes on with the latest thread."""
        matches = [
            match
            for context in contexts
            for match in match_phonetically(grammar, text, index=self._index, context=context, limit=1)
        ]
        if matches:
            best = max(matches, key=lambda match: match.confidence)
            yield Understanding(
                intent=best.intent,
                skill=best.skill,
                slots={name: slot.value for name, slot in best.slots.items()},
                confidence=best.confidence,
                source="sound",
            )

    def _paraphrase(
        self, paraphrases: Paraphrases, grammar: Grammar, text: str, context: Mapping[str, str]
    ) -> Iterator[Understanding]:
        guess = paraphrases.guess(text, possible=possible_intents(grammar, context))
        if guess is not None:
            spotted = spot_values(
                grammar, guess.skill, guess.intent, text, index=self._index, context=context
            )
            skill = next(known for known in grammar.skills if known.skill == guess.skill)
            # Without any value the skill asks for what it needs; with some it may act on less than was said.
            strays = spotted and stray_words(skill, text)
            yield Understanding(
                intent=guess.intent,
                skill=guess.skill,
                slots={one.slot: one.value.value for one in spotted},
                confidence=guess.probability * (STRAYED if strays else 1.0),
                source="paraphrase",
            )
