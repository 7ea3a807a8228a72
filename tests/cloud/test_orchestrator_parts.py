"""The orchestrator's parts: sentences, grounding, speculation, cleaning, schemas, what is told, records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_cloud.configuration.orchestrator import SpeculationSection, TurnRecordsSection
from nearfield_cloud.configuration.tools import CallSection, ToolServerSection
from nearfield_cloud.configuration.tree import parse_configuration
from nearfield_cloud.errors import ConfigurationError, ToolError
from nearfield_cloud.language_model.server_sent_events import EventDecoder
from nearfield_cloud.orchestrator.answer import Step
from nearfield_cloud.orchestrator.grounding import support
from nearfield_cloud.orchestrator.records import CloudTurn, TurnRecords
from nearfield_cloud.orchestrator.sentences import SentenceCutter, cut, whole
from nearfield_cloud.orchestrator.speculation import is_near, is_worth_searching
from nearfield_cloud.tools.approval import Involved, needs_a_person
from nearfield_cloud.tools.cleaning import clean_text, clean_value
from nearfield_cloud.tools.matching import ToolMatcher
from nearfield_cloud.tools.schemas import Schema, closed
from nearfield_cloud.tools.telling import filled
from nearfield_cloud.tools.tool import Tool
from tests.cloud.answers import passage


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("We open at 9. On Sundays not. ", ["We open at 9.", "On Sundays not."]),
        ("It costs 3.50 euros. Really! ", ["It costs 3.50 euros.", "Really!"]),
        ("Ask Dr. Smith e.g. today. ", ["Ask Dr. Smith e.g. today."]),
        ('He said "no." Then he left. ', ['He said "no."', "Then he left."]),
        ("First line\nSecond line", ["First line", "Second line"]),
    ],
)
def test_a_text_is_cut_into_sentences(text: str, sentences: list[str]) -> None:
    assert list(whole(text)) == sentences


@given(text=st.text(alphabet="ab A.!?\n 1", max_size=80), sizes=st.lists(st.integers(1, 7), max_size=80))
def test_pieces_give_the_sentences_that_the_whole_gives(text: str, sizes: list[int]) -> None:
    given_out: list[str] = []
    cutter, at = SentenceCutter(), 0
    for size in [*sizes, len(text)]:
        given_out += cutter.feed(text[at : at + size])
        at += size
    assert "".join([*given_out, *cutter.end()]).split() == "".join(whole(text)).split()
    assert "".join("".join(given_out).split()) == "".join("".join(cut(text)[0]).split())


RULES = passage(
    "The shop opens at 09:00 and closes at 18:00. Dogs are not allowed. Anna Berg is the manager."
)


@pytest.mark.parametrize(
    ("sentence", "stands"),
    [
        ("The shop opens at nine.", True),
        ("It closes at 18.", True),
        ("Anna Berg manages the shop.", True),
        ("Dogs aren't allowed.", True),
        ("Dogs are allowed.", False),
        ("The shop opens at 8.", False),
        ("Peter Berg is the manager.", False),
        ("The manager collects stamps in her spare time.", False),
    ],
)
def test_a_sentence_is_grounded_where_a_passage_says_it(sentence: str, stands: bool) -> None:
    found = support(sentence, [passage("Bread is baked here.", number=2), RULES], "", least=0.7)
    assert (found is not None) == stands
    assert found is None or found.chunk_id == "c1"


def test_a_partial_is_searched_when_it_says_more() -> None:
    settings = SpeculationSection()
    assert not is_worth_searching("when does", None, settings)
    assert is_worth_searching("when does the shop", None, settings)
    assert not is_worth_searching("when does the shop open", "when does the shop", settings)
    assert is_worth_searching("when does the shop open on sundays", "when does the shop", settings)


@pytest.mark.parametrize(
    ("asked", "searched", "near"),
    [
        ("When does the shop open?", "when does the shop open", True),
        ("When does the shop open please", "when does the shop open", True),
        ("When does the shop open on Sundays", "when does the shop open", False),
        ("When does the shop close", "when does the shop open", False),
        ("the", "a", False),
    ],
)
def test_a_search_serves_a_question_that_means_the_same(asked: str, searched: str, near: bool) -> None:
    assert is_near(asked, searched) == near


@given(text=st.text(max_size=200), longest=st.integers(1, 100))
def test_cleaned_text_is_short_and_holds_nothing_hidden(text: str, longest: int) -> None:
    cleaned = clean_text(text, longest)
    assert len(cleaned) <= longest
    assert not set(cleaned) & {"\u200b", "\u2060", "\ufe0f", "\u202e", "\U000e0041", "\x00"}


def test_every_text_of_a_value_is_cleaned() -> None:
    hidden = "a\u200bb\U000e0041"
    assert clean_value({hidden: [hidden, {"x": hidden}, 3]}, 10) == {"ab": ["ab", {"x": "ab"}, 3]}


JSONS: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "required", "$ref", "enum", "items", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    written=st.dictionaries(st.sampled_from(["type", "properties", "required", "$ref"]), JSONS), value=JSONS
)
def test_any_schema_is_understood_or_one_error(written: dict[str, object], value: Any) -> None:
    try:
        Schema(written, "tool x").fault(value)
    except ToolError:
        return


def test_a_schema_from_outside_fetches_nothing_and_runs_no_expression() -> None:
    with pytest.raises(ToolError, match="outside"):
        Schema({"$ref": "http://169.254.169.254/schema"}, "tool x")
    slow = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    assert Schema(slow, "tool x").fault({"a": "a" * 40 + "!"}) == ""


def test_a_schema_that_is_too_deep_or_too_large_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"properties": {"a": deep}}
    with pytest.raises(ToolError, match="deeper"):
        Schema(deep, "tool x")
    with pytest.raises(ToolError, match="parts"):
        Schema({"properties": {str(number): {} for number in range(5_000)}}, "tool x")


def test_arguments_that_a_schema_does_not_name_do_not_fit() -> None:
    schema = Schema(closed({"properties": {"a": {"type": "integer"}}, "required": ["a"]}), "tool x")
    assert schema.fault({"a": 1}) == ""
    assert "required" in schema.fault({})
    assert "additionalProperties" in schema.fault({"a": 1, "b": 2})
    assert "secret" not in schema.fault({"a": "secret"})


def test_a_property_named_like_a_keyword_is_a_property() -> None:
    schema = Schema({"properties": {"pattern": {"type": "integer"}}}, "tool x")
    assert schema.fault({"pattern": "x"}) != ""


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("Order {number} is {result.status}.", "Order A17 is sent."),
        ("It takes {result.days} days.", "It takes 2 days."),
        ("First {result.items.0}.", "First tea."),
        ("All of {result.items}.", "All of tea and milk."),
        ("{result.missing} is there.", None),
        ("{result.__class__} {number.__doc__}", None),
        ("{result}", None),
    ],
)
def test_templates_are_filled_with_plain_values_only(template: str, told: str | None) -> None:
    values: Any = {"number": "A17", "result": {"status": "sent", "days": 2.0, "items": ["tea", "milk"]}}
    assert filled(template, values) == told


def tool(**rules: Any) -> Tool:
    return Tool(
        server="s",
        call="c",
        description="",
        parameters=Schema({}, "t"),
        result=None,
        rules=CallSection(**rules),
    )


@pytest.mark.parametrize(
    ("rules", "sensitive", "asks"),
    [
        ({"changes_state": False}, True, False),
        ({}, False, True),
        ({"unattended": True}, False, False),
        ({"unattended": True}, True, True),
    ],
)
def test_untrusted_words_sensitive_data_and_a_change_never_meet_unasked(
    rules: dict[str, Any], sensitive: bool, asks: bool
) -> None:
    assert bool(needs_a_person(tool(**rules), Involved(sensitive=sensitive))) == asks


def test_a_sensitive_tool_that_changes_state_cannot_be_unattended() -> None:
    with pytest.raises(ValueError, match="unattended"):
        CallSection(unattended=True, sensitive=True)


def matcher(**call: Any) -> ToolMatcher:
    section = ToolServerSection(kind="mcp_stdio", command=("x",), calls={"c": CallSection(**call)})
    return ToolMatcher({"s": section}, least_confidence=0.7, least_similarity=0.75)


def test_a_slot_without_a_list_takes_any_words() -> None:
    found = matcher(sentences=("what is the weather in {city}",)).by_sentence(
        "What's the weather in Bad Tölz?", {"s.c"}
    )
    assert found is not None
    assert found.arguments == {"city": "Bad Tölz"}


def test_a_tool_that_is_not_allowed_is_not_matched() -> None:
    assert matcher(sentences=("stop",)).by_sentence("stop", {"other"}) is None


def test_sentences_that_cannot_be_read_are_a_fault_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match="sentences"):
        matcher(sentences=("where is (my",))


@given(data=st.binary(max_size=300), sizes=st.lists(st.integers(1, 9), max_size=300))
def test_any_bytes_are_events_or_one_error(data: bytes, sizes: list[int]) -> None:
    from nearfield_cloud.errors import LanguageModelError

    decoder, at = EventDecoder(longest_event_bytes=100, longest_stream_bytes=250), 0
    try:
        for size in sizes:
            list(decoder.feed(data[at : at + size]))
            at += size
    except LanguageModelError:
        return


@given(
    events=st.lists(st.text(alphabet="ab ü:", min_size=1, max_size=9), max_size=6),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    size=st.integers(1, 9),
)
def test_events_come_whole_however_the_bytes_are_cut(events: list[str], end: str, size: int) -> None:
    stream = "".join(f": comment{end}data: {data}{end}{end}" for data in events).encode()
    decoder = EventDecoder(longest_event_bytes=100, longest_stream_bytes=10_000)
    found = [data for at in range(0, len(stream), size) for data in decoder.feed(stream[at : at + size])]
    assert found == events or (end == "\r" and found == events[:-1])


def turn(number: int, at: datetime, tenant: str = "acme") -> CloudTurn:
    step = Step(name="plan", started_ms=0.0, duration_ms=1.0)
    return CloudTurn(
        turn_id=f"t{number}", tenant=tenant, subject="till-1", at=at, plan="knowledge", outcome="answered",
        reason="r", duration_ms=5.0, model_tokens=0, steps=(step,), question="who is Anna", answer="x",
    )  # fmt: skip


def test_records_are_a_tenants_own_and_go_when_they_are_old_or_many(tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    records = TurnRecords(tmp_path / "t.sqlite", TurnRecordsSection(days=2, most=3), str)
    for number in range(6):
        records.add(turn(number, now + timedelta(minutes=number)))
    records.add(turn(9, now - timedelta(days=3), tenant="other"))
    records.prune(now + timedelta(minutes=9))
    assert [each.turn_id for each in records.latest("acme")] == ["t5", "t4", "t3"]
    assert records.latest("acme")[0].steps[0].name == "plan"
    assert records.latest("other") == []
    assert records.erase("acme") == 3
    assert records.latest("acme") == []
    records.close()
    assert (tmp_path / "t.sqlite").stat().st_mode & 0o077 == 0


def test_an_unknown_key_of_a_tool_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean 'command'"):
        parse_configuration({"tools": {"x": {"kind": "mcp_stdio", "comand": ["a"]}}}, where="test")


@pytest.mark.parametrize(
    "wrong", [{"kind": "mcp_stdio"}, {"kind": "mcp_http"}, {"kind": "openapi", "url": "http://x"}]
)
def test_a_tool_without_what_its_kind_needs_is_a_fault(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="needs"):
        parse_configuration({"tools": {"x": wrong}}, where="test")
