"""Searching while somebody speaks: what is agreed upon is not searched again, and nothing is lost by it."""

from __future__ import annotations

import numpy as np
import pytest

from nearfield_models.asr.tokens import END
from nearfield_models.decoding.beam import Draft, Found, Live, Step, Trail
from nearfield_models.decoding.drafts import begun
from nearfield_models.decoding.lexicon import WordTokens
from nearfield_models.decoding.places import GrammarWalk
from nearfield_models.decoding.recogniser import GrammarRecogniser, Listened, SoFar
from nearfield_models.decoding.spoken import SpokenGrammar
from nearfield_models.grammar import Grammar
from tests.fakes.decoding import ScriptedDecoder, ScriptedPast, ScriptedSound
from tests.models.test_decoding_beam import CALIBRATION, SOUND, TABLE, grammar_of

GRAMMAR = grammar_of("do {animal} [te] [kati tata kati] [tata]", "ka te kati tata kati tata")
WALK = GrammarWalk(SpokenGrammar(GRAMMAR, WordTokens(TABLE)))
WHOLE = "do sea lion kati tata kati tata"


class Utterance:
    """Words that are heard as far as they were said."""

    def __init__(self, grammar: Grammar = GRAMMAR) -> None:
        self.decoder = ScriptedDecoder(len(TABLE), ())
        self.listener: GrammarRecogniser[ScriptedSound, ScriptedPast] = GrammarRecogniser(
            self.decoder, TABLE, grammar, CALIBRATION
        )
        self.so_far: SoFar | None = None

    def hear(self, text: str, *, is_whole: bool = False, forget: bool = False) -> Listened:
        self.decoder.script = (*TABLE.encode(text), END)
        self.decoder.rows.clear()
        heard = self.listener.listen(SOUND, so_far=None if forget else self.so_far, is_whole=is_whole)
        assert heard is not None
        self.so_far = heard.so_far
        return heard

    @property
    def calls(self) -> int:
        return len(self.decoder.rows)


def test_the_whole_is_read_as_from_scratch_for_a_part_of_the_calls() -> None:
    said = Utterance()
    scratch = said.hear(WHOLE, is_whole=True, forget=True)
    calls = said.calls
    said.so_far = None
    for beginning in ("do sea", "do sea lion kati", "do sea lion kati tata kati"):
        said.hear(beginning)
    heard = said.hear(WHOLE, is_whole=True)
    assert heard.transcript.tokens == scratch.transcript.tokens
    assert heard.readings[0].text == scratch.readings[0].text == WHOLE
    assert abs(heard.readings[0].confidence - scratch.readings[0].confidence) < 0.05
    assert said.calls < calls / 2


def test_what_was_heard_once_is_not_taken_as_said() -> None:
    said = Utterance()
    said.hear("do cat te")
    heard = said.hear("do sea lion te", is_whole=True)
    assert heard.readings[0].text == "do sea lion te"


def test_a_sentence_that_had_ended_is_not_heard_where_speech_went_on() -> None:
    said = Utterance()
    for beginning in ("do cat", "do cat te", "do cat te kati"):
        said.hear(beginning)
    heard = said.hear("do cat te kati tata kati", is_whole=True)
    assert [reading.text for reading in heard.readings][:1] == ["do cat te kati tata kati"]


@pytest.mark.parametrize(("ended", "tokens"), [(-30.0, 4), (-6.0, 2)])
def test_the_next_search_begins_before_what_may_have_ended(ended: float, tokens: int) -> None:
    drafts = [draft(1, -1.0, -np.inf), draft(2, -2.0, -np.inf), draft(3, -3.0, ended), draft(4, -4.0, ended)]
    free = tuple(Step(token, 0.0, 0.0, 0.0, 0, False) for token in range(7))
    found = Found(paths=(), free=free, free_end=0.0, free_complete=True, rounds=7, drafts=tuple(drafts))
    kept = begun(found, ahead=8.0)
    assert kept is not None
    assert kept.draft is not None
    assert kept.draft.tokens == tokens


def draft(tokens: int, rank: float, ended: float) -> Draft[ScriptedPast]:
    live = Live(1, rank, (), None, WALK.begin(), False, "")
    trail = Trail(Step(0, 0.0, 0.0, 0.0, 0, False), None)
    past = ScriptedPast(sound=ScriptedSound(silent=False), rows=())
    return Draft(tokens=tokens, live=(live,), past=past, free=trail, ended=ended)


def test_what_is_not_surely_heard_in_the_end_is_searched_anew() -> None:
    said = Utterance()
    for _ in range(2):
        said.hear("do cat te kati tata kati")
    heard = said.hear("ka te kati tata kati tata", is_whole=True)
    assert heard.readings[0].text == "ka te kati tata kati tata"


def test_but_not_while_somebody_speaks() -> None:
    said = Utterance()
    for _ in range(2):
        said.hear("do cat te kati tata kati")
    heard = said.hear("ka te kati tata kati tata")
    assert not heard.readings or heard.readings[0].confidence < 0.9


def test_another_grammar_begins_anew() -> None:
    said = Utterance()
    for _ in range(2):
        said.hear("do sea lion kati tata kati")
    said.listener.change(GRAMMAR.with_list("test", "animal", ["dog"]))
    heard = said.hear("do dog kati tata kati", is_whole=True)
    assert heard.readings[0].match.slots["animal"].value == "dog"


def test_a_loop_is_worth_nothing_to_the_next_search() -> None:
    said = Utterance()
    heard = said.hear("ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta ta")
    assert heard.so_far is None
