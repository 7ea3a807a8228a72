"""What the device offers, or is asked to have confirmed: a yes, a no, and anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nearfield_edge.doubts.offers import ACCEPTED, DECLINED, Offer, offer_in
from nearfield_edge.skills.permissions import PermissionGuard
from tests.edge.doubtful_talk import DoubtfulTalk

OFFER = Offer(kind="later", reference="t1")


@pytest.fixture
def talk(tmp_path: Path, guard: PermissionGuard) -> Iterator[DoubtfulTalk]:
    talk = DoubtfulTalk(tmp_path, guard)
    with closing(talk.outbox):
        yield talk


@pytest.mark.parametrize("settled_before", [True, False])
@pytest.mark.parametrize(("words", "decision"), [("yes", ACCEPTED), ("no", DECLINED)])
async def test_a_yes_or_a_no_decides_an_offer_also_one_that_ends_a_long_answer(
    talk: DoubtfulTalk, words: str, decision: str, settled_before: bool
) -> None:
    if settled_before:
        await talk.dialogue.commit("t1")
    talk.dialogue.answered_beyond("t1", OFFER)
    await talk.dialogue.commit("t1")
    await talk.read(words)
    assert talk.understanding.intent == decision
    assert offer_in(talk.understanding) == OFFER
    assert talk.decision.route == "cloud"
    assert talk.decision.reason == f"the person {decision} what was offered"


async def test_anything_else_lets_an_offer_be(talk: DoubtfulTalk) -> None:
    talk.dialogue.answered_beyond("t1", OFFER)
    await talk.dialogue.commit("t1")
    await talk.read("what a day")
    assert offer_in(talk.understanding) is None
    await talk.read("yes")
    assert offer_in(talk.understanding) is None
