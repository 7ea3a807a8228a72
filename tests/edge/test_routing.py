"""The route of a turn, and the reasons that are given for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.errors import ConfigurationError
from nearfield_edge.routing.policy import RoutingPolicy, read_policy
from nearfield_edge.routing.router import Reach, choose_route
from nearfield_sync.messages.turn_record import Understanding

NOTHING = Understanding(intent=None, skill=None)


def order(confidence: float) -> Understanding:
    return Understanding(intent="orderDrink", skill="coffee", confidence=confidence, source="grammar")


@pytest.fixture(scope="module")
def policy() -> RoutingPolicy:
    return read_policy(None)


def test_a_sure_understanding_goes_to_its_skill(policy: RoutingPolicy) -> None:
    decision = choose_route(order(1.0), Reach(cloud=True), policy)
    assert decision.route == "skill"
    assert decision.reason == "grammar matched coffee.orderDrink"
    assert decision.policy_version == policy.version


def test_an_unsure_one_is_asked_about_when_nobody_else_can_answer(policy: RoutingPolicy) -> None:
    decision = choose_route(order(0.5), Reach(), policy)
    assert decision.route == "clarify"
    assert decision.considered[0] == "skill: confidence 0.50 below 0.78"


def test_what_no_skill_knows_goes_to_the_cloud_where_there_is_a_link(policy: RoutingPolicy) -> None:
    assert choose_route(NOTHING, Reach(cloud=True), policy).route == "cloud"
    assert "cloud: no link" in choose_route(NOTHING, Reach(), policy).considered


def test_what_goes_on_with_a_conversation_that_is_over_is_nobodys_to_answer(policy: RoutingPolicy) -> None:
    late = Understanding(intent=None, skill=None, source="expired")
    decision = choose_route(late, Reach(cloud=True), policy)
    assert decision.route == "refuse"
    assert "cloud: it goes on with a conversation that is over" in decision.considered


def test_a_stored_answer_comes_before_the_cloud(policy: RoutingPolicy) -> None:
    assert choose_route(NOTHING, Reach(cache=True, cloud=True), policy).route == "cache"


@given(st.floats(0, 1), st.booleans(), st.booleans())
def test_a_restricted_site_never_asks_the_cloud(confidence: float, cache: bool, cloud: bool) -> None:
    policy = read_policy(None)
    decision = choose_route(order(confidence), Reach(cache=cache, cloud=cloud, restricted=True), policy)
    assert decision.route != "cloud"


@given(st.floats(0, 1), st.booleans(), st.booleans(), st.booleans())
def test_every_route_not_taken_before_the_one_taken_has_its_reason(
    confidence: float, cache: bool, cloud: bool, restricted: bool
) -> None:
    reach = Reach(cache=cache, cloud=cloud, restricted=restricted)
    decision = choose_route(order(confidence), reach, read_policy(None))
    before = ["skill", "cache", "cloud", "clarify", "refuse"]
    assert [text.split(":")[0] for text in decision.considered] == before[: before.index(decision.route)]


def test_a_policy_that_keeps_everything_here_keeps_it_here(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'version = "site-7"\n[skill]\nact_confidence = 0.9\nclarify_confidence = 0.5\n'
        '[cache]\nenabled = false\n[cloud]\nenabled = true\nmay_leave = "nothing"\n'
    )
    decision = choose_route(NOTHING, Reach(cache=True, cloud=True), read_policy(path))
    assert decision.route == "refuse"
    assert decision.policy_version == "site-7"


def test_thresholds_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'version = "1"\n[skill]\nact_confidence = 0.3\nclarify_confidence = 0.5\n'
        '[cache]\nenabled = true\n[cloud]\nenabled = true\nmay_leave = "text"\n'
    )
    with pytest.raises(ConfigurationError, match="clarify_confidence must not exceed act_confidence"):
        read_policy(path)


@pytest.mark.parametrize(
    ("source", "confidence", "route"),
    [
        ("grammar", 0.80, "skill"),
        ("sound", 0.80, "clarify"),
        ("sound", 0.86, "skill"),
        ("sound", 0.70, "refuse"),
        ("paraphrase", 0.86, "clarify"),
        ("paraphrase", 0.91, "skill"),
        ("paraphrase", 0.45, "refuse"),
    ],
)
def test_what_is_no_sentence_must_be_surer_to_be_acted_upon(
    source: str, confidence: float, route: str
) -> None:
    understanding = Understanding(skill="coffee", intent="order", confidence=confidence, source=source)
    decision = choose_route(understanding, Reach(restricted=True), read_policy(None))
    assert decision.route == route


def test_the_reason_says_that_paraphrases_are_not_learned_only_where_nothing_was_found() -> None:
    reach = Reach(restricted=True, unlearned="paraphrases are not learned yet")
    nothing = choose_route(Understanding(skill=None, intent=None), reach, read_policy(None))
    assert "(paraphrases are not learned yet)" in nothing.reason
    found = Understanding(skill="coffee", intent="order", confidence=1.0, source="grammar")
    assert "paraphrases" not in choose_route(found, reach, read_policy(None)).reason
    over = Understanding(skill=None, intent=None, source="expired")
    assert "paraphrases" not in choose_route(over, reach, read_policy(None)).reason
