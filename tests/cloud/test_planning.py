"""The plan of a turn, as a function of what is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_cloud.configuration.tools import CallSection
from nearfield_cloud.orchestrator.planning import Decision, Grounds, Matched, Need, Policy, Suggestion, plan
from nearfield_cloud.tools.schemas import Schema
from nearfield_cloud.tools.tool import Tool, ToolCall
from tests.cloud.answers import passage

POLICY = Policy(least_similarity=0.3, talk=False, hand_over=False, hand_over_unknown=False)
ALL = Policy(least_similarity=0.3, talk=True, hand_over=True, hand_over_unknown=True)
TOOL = Tool(
    server="shop",
    call="order",
    description="",
    parameters=Schema({"type": "object", "required": ["number"]}, "tool"),
    result=None,
    rules=CallSection(),
)
CALL = ToolCall(tool=TOOL, arguments={"number": "A17"})
NEAR, FAR = passage("The shop opens at 9."), passage("The shop opens at 9.", similarity=0.1)


def decided(grounds: Grounds, policy: Policy = POLICY) -> str:
    found = plan(grounds, policy)
    return found.what if isinstance(found, Need) else found.plan


@pytest.mark.parametrize(
    ("grounds", "policy", "expected"),
    [
        (Grounds(words=0), POLICY, "ask_back"),
        (Grounds(words=3), POLICY, "passages"),
        (Grounds(words=3, passages=(NEAR,)), POLICY, "knowledge"),
        (Grounds(words=3, passages=(FAR,)), POLICY, "knowledge"),
        (Grounds(words=3, passages=()), ALL, "hand_over"),
        (Grounds(words=3, passages=(FAR,), model=True), ALL, "talk"),
        (Grounds(words=3, wish="hand_over"), ALL, "hand_over"),
        (Grounds(words=3, wish="hand_over"), POLICY, "refuse"),
        (Grounds(words=3, wish="refuse"), ALL, "refuse"),
        (Grounds(words=3, tools=True, model=True), POLICY, "suggestion"),
        (Grounds(words=3, tools=True), POLICY, "passages"),
        (Grounds(words=3, model=True), POLICY, "passages"),
        (Grounds(words=3, matched=Matched(call=CALL, missing=(), how="x")), POLICY, "tools"),
        (Grounds(words=3, matched=Matched(call=CALL, missing=("number",), how="x")), POLICY, "ask_back"),
    ],
)
def test_the_plan_follows_from_what_is_known(grounds: Grounds, policy: Policy, expected: str) -> None:
    assert decided(grounds, policy) == expected


@pytest.mark.parametrize(
    ("suggestion", "policy", "expected"),
    [
        (Suggestion(plan="tools", calls=(CALL,)), POLICY, "tools"),
        (Suggestion(plan="tools"), POLICY, "passages"),
        (Suggestion(plan="ask_back", question="Which one?"), POLICY, "ask_back"),
        (Suggestion(plan="ask_back"), POLICY, "passages"),
        (Suggestion(plan="hand_over"), POLICY, "passages"),
        (Suggestion(plan="hand_over"), ALL, "hand_over"),
        (Suggestion(plan="refuse"), POLICY, "refuse"),
        (Suggestion(plan="knowledge"), ALL, "passages"),
        (Suggestion(plan=None), ALL, "passages"),
    ],
)
def test_a_suggestion_counts_as_far_as_the_policy_allows(
    suggestion: Suggestion, policy: Policy, expected: str
) -> None:
    assert decided(Grounds(words=3, tools=True, model=True, suggestion=suggestion), policy) == expected


PASSAGES = st.lists(st.builds(passage, st.text(max_size=40), similarity=st.floats(-1, 1)), max_size=3).map(
    tuple
)
GROUNDS = st.builds(
    Grounds,
    words=st.integers(0, 5),
    wish=st.sampled_from(["", "hand_over", "refuse"]),
    matched=st.none() | st.builds(Matched, call=st.just(CALL), missing=st.just(()), how=st.just("x")),
    tools=st.booleans(),
    model=st.booleans(),
    suggestion=st.none()
    | st.builds(
        Suggestion,
        plan=st.sampled_from([None, "tools", "knowledge", "ask_back", "hand_over", "refuse"]),
        calls=st.sampled_from([(), (CALL,)]),
        question=st.text(max_size=5),
    ),
)
POLICIES = st.builds(
    Policy,
    least_similarity=st.floats(-1, 1),
    talk=st.booleans(),
    hand_over=st.booleans(),
    hand_over_unknown=st.booleans(),
)


@given(grounds=GROUNDS, policy=POLICIES, one=PASSAGES, other=PASSAGES)
def test_no_passage_ever_leads_to_a_tool(
    grounds: Grounds, policy: Policy, one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    without = plan(grounds, policy)
    for passages in (one, other):
        found = plan(replace(grounds, passages=passages), policy)  # type: ignore[arg-type]
        if isinstance(without, Decision):
            assert found == without
        else:
            assert isinstance(found, Need) or (found.plan != "tools" and not found.calls)


@given(grounds=GROUNDS, policy=POLICIES, passages=PASSAGES)
def test_what_is_needed_is_asked_for_once_and_then_there_is_a_plan(
    grounds: Grounds, policy: Policy, passages: tuple[object, ...]
) -> None:
    asked = []
    found = plan(grounds, policy)
    while isinstance(found, Need):
        asked.append(found.what)
        if found.what == "suggestion":
            grounds = replace(grounds, suggestion=Suggestion(plan=None))
        else:
            grounds = replace(grounds, passages=passages)  # type: ignore[arg-type]
        found = plan(grounds, policy)
    assert len(asked) == len(set(asked))
    if found.plan == "hand_over":
        assert policy.hand_over
    if found.plan == "talk":
        assert policy.talk
        assert grounds.model
