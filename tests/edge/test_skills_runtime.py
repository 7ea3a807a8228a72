from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from nearfield_edge.errors import (
    EffectRejectedError,
    EgressRefusedError,
    PermissionRefusedError,
    RecordError,
    SkillError,
    SkillFailedError,
)
from nearfield_edge.skills.api import FunctionEffect, HttpEffect, MqttEffect
from nearfield_edge.skills.conversation import Conversation, conversation_from_dict
from nearfield_edge.skills.effects import effect_from_json, effect_to_json, topic_matches
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.skills.runtime import SkillAnswer, SkillRuntime
from nearfield_sync.telemetry import Counters
from tests.edge.skill_folders import FRIDAY, load_probe, runtime_of, understood

CALLING = '[intents.try]\nfunction = "probe:act"\n'
API = "from nearfield_edge.skills.api import *\nfrom nearfield_edge.errors import *\n"


def probe(
    tmp_path: Path,
    guard: PermissionGuard,
    body: str,
    *,
    top: str = "",
    counters: Counters | None = None,
    seconds: float = 2.0,
) -> SkillRuntime:
    """A runtime whose only skill answers by a function with this body."""
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    python = f"{API}import threading\nstop = threading.Event()\ndef act(call):\n{indented}\n"
    skill = load_probe(tmp_path, guard, manifest=top + CALLING, python=python)
    return runtime_of([skill], guard, counters, seconds=seconds)


def ask(runtime: SkillRuntime, conversation: Conversation | None = None, **slots: str) -> SkillAnswer:
    return runtime.answer(understood(**slots), conversation or Conversation(), now=FRIDAY, key="turn-1")


REQUIRING = '[intents.try]\nreply = "done"\nrequired = { size = "ask_size" }\n'


def test_a_missing_slot_is_asked_for_and_the_answer_completes_the_request(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    skill = load_probe(
        tmp_path, guard, manifest=REQUIRING, replies="done: '{{ slots }}'\nask_size: Which size?"
    )
    runtime = runtime_of([skill], guard)
    asked = ask(runtime, drink="tea")
    assert asked.text == "Which size?"
    (context,) = runtime.contexts(asked.conversation, FRIDAY)
    assert context == {
        "active_skill": "probe",
        "last_intent": "try",
        "open_intent": "try",
        "open_slot": "size",
    }
    answered = ask(runtime, asked.conversation, size="small")
    assert answered.slots == {"drink": "tea", "size": "small"}
    assert answered.question is None
    (context,) = runtime.contexts(answered.conversation, FRIDAY)
    assert context == {"active_skill": "probe", "last_intent": "try"}


def test_another_value_for_a_slot_given_before_is_a_new_request(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    runtime = runtime_of([load_probe(tmp_path, guard, manifest=REQUIRING)], guard)
    asked = ask(runtime, drink="tea", milk="oat")
    assert ask(runtime, asked.conversation, drink="cocoa", size="large").slots == {
        "drink": "cocoa",
        "size": "large",
    }


def test_a_conversation_is_forgotten_after_its_lifetime_and_when_the_clock_goes_back(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    runtime = runtime_of([load_probe(tmp_path, guard, manifest=REQUIRING)], guard)
    conversation = ask(runtime).conversation
    assert runtime.contexts(conversation, FRIDAY + timedelta(seconds=90)) != ({},)
    assert runtime.contexts(conversation, FRIDAY + timedelta(seconds=91)) == ({},)
    assert runtime.contexts(conversation, FRIDAY - timedelta(seconds=1)) == ({},)


def test_a_skill_finds_its_memory_again_and_only_its_own(tmp_path: Path, guard: PermissionGuard) -> None:
    runtime = probe(
        tmp_path,
        guard,
        "n = call.memory.get('n', 0) + 1\nreturn SkillReply(reply='done', memory={'n': n})",
    )
    first = ask(runtime, Conversation(memory={"other": {"n": 40}}, last_turn_at=FRIDAY))
    second = ask(runtime, first.conversation)
    assert second.conversation.memory == {"other": {"n": 40}, "probe": {"n": 2}}
    assert ask(runtime, first.conversation).conversation == second.conversation  # a reopened turn


def test_a_conversation_survives_storage(tmp_path: Path, guard: PermissionGuard) -> None:
    runtime = runtime_of([load_probe(tmp_path, guard, manifest=REQUIRING)], guard)
    conversation = ask(runtime, drink="tea").conversation
    assert conversation_from_dict(conversation.to_dict()) == conversation
    assert conversation_from_dict(Conversation().to_dict()) == Conversation()
    with pytest.raises(RecordError, match="cannot be read"):
        conversation_from_dict({"question": 3})


def test_the_same_turn_gives_the_same_variant_and_turns_differ(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    skill = load_probe(tmp_path, guard, manifest='[intents.try]\nreply = "done"\n', replies="done: [a, b, c]")
    runtime = runtime_of([skill], guard)

    def said(key: str) -> str:
        return runtime.answer(understood(), Conversation(), now=FRIDAY, key=key).text

    assert len({said("one") for _ in range(5)}) == 1
    assert {said(str(turn)) for turn in range(30)} == {"A", "B", "C"}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ slots.size }}", "no attribute 'size'"),
        ("{{ ''.__class__ }}", "is unsafe"),
        ("{{ '' }}", "came out empty"),
        ("{{ 'x' * 3000 }}", "at most 2000"),
        ("{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_reply_that_cannot_be_filled_in_is_a_failure_and_never_a_sentence_with_a_gap(
    tmp_path: Path, guard: PermissionGuard, reply: str, words: str
) -> None:
    manifest = '[intents.try]\nreply = "done"\n'
    skill = load_probe(tmp_path, guard, manifest=manifest, replies=f'done: "{reply}"')
    with pytest.raises(SkillFailedError, match=words):
        ask(runtime_of([skill], guard))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise KeyError('size')", "probe/probe:act: KeyError: 'size'"),
        ("raise SystemExit", "SystemExit"),
        ("return 'done'", "must return a SkillReply, not str"),
        ("return SkillReply(reply='don')", "no reply 'don'; did you mean 'done'"),
        (
            "return SkillReply(reply='done', question=Question(intent='tri', slot='a'))",
            "asks for 'tri', which it does not declare",
        ),
        (
            "return SkillReply(reply='done', effects=(MqttEffect(topic='a/+'),))",
            "'a/\\+' is no topic",
        ),
        (
            "return SkillReply(reply='done', effects=(HttpEffect(method='GET', url='https://a'),))",
            "method 'GET'",
        ),
        (
            "return SkillReply(reply='done', effects=(HttpEffect(method='POST', url='a'),))",
            "'a' is not http",
        ),
        (
            "return SkillReply(reply='done', effects=(MqttEffect(topic='ok', body={1: object()}),))",
            "plain JSON",
        ),
        (
            "return SkillReply(reply='done', effects=(MqttEffect(topic='ok', body='x' * 70_000),))",
            "at most 65536 are sent",
        ),
    ],
)
def test_a_function_that_fails_or_answers_nonsense_is_one_named_failure(
    tmp_path: Path, guard: PermissionGuard, body: str, words: str
) -> None:
    runtime = probe(tmp_path, guard, body, top='[permissions]\npublish = ["ok"]\n')
    with pytest.raises(SkillFailedError, match=words):
        ask(runtime)


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        ("HttpEffect(method='POST', url='https://evil.example')", "may not reach https://evil.example:443"),
        ("HttpEffect(method='POST', url='http://shop.example')", "may not reach http://shop.example:80"),
        ("MqttEffect(topic='door/open')", "may not publish to 'door/open'"),
        ("FunctionEffect(function='probe:act')", "may not call probe:act"),
    ],
)
def test_an_effect_that_is_not_declared_is_refused_before_it_is_staged(
    tmp_path: Path, guard: PermissionGuard, effect: str, words: str
) -> None:
    top = '[permissions]\nnetwork = ["https://shop.example"]\npublish = ["shop/#"]\n'
    runtime = probe(tmp_path, guard, f"return SkillReply(reply='done', effects=({effect},))", top=top)
    with pytest.raises(PermissionRefusedError, match=words):
        ask(runtime)


def test_declared_effects_are_filled_from_the_turn(tmp_path: Path, guard: PermissionGuard) -> None:
    manifest = """
    [permissions]
    network = ["{settings.url}"]
    publish = ["bell/+"]
    [settings]
    url = { type = "text", default = "https://desk.example/ring" }
    [intents.try]
    reply = "done"
    [[intents.try.effects]]
    http = { url = "{{ settings.url }}", body = { who = "{{ slots.who }}", many = [1, "{{ now.year }}"] } }
    [[intents.try.effects]]
    mqtt = { topic = "bell/{{ slots.who }}" }
    """
    runtime = runtime_of([load_probe(tmp_path, guard, manifest=manifest)], guard)
    assert ask(runtime, who="ada").effects == (
        HttpEffect(method="POST", url="https://desk.example/ring", body={"who": "ada", "many": [1, "2026"]}),
        MqttEffect(topic="bell/ada"),
    )
    with pytest.raises(PermissionRefusedError, match="'bell/ada/x'"):
        ask(runtime, who="ada/x")
    with pytest.raises(SkillFailedError, match="no attribute 'who'"):
        ask(runtime)


def test_a_refused_function_fails_by_that_name_and_is_counted(tmp_path: Path, guard: PermissionGuard) -> None:
    counters = Counters()
    runtime = probe(tmp_path, guard, "open('/etc/shadow')", counters=counters)
    with pytest.raises(PermissionRefusedError, match="may not read /etc/shadow: declare it"):
        ask(runtime)
    assert counters.value("nearfield_skill_refusals_total", skill="probe") == 1


@pytest.mark.parametrize(
    "body",
    [
        "raise FORBIDDEN",
        "raise OSError('no way there') from FORBIDDEN",
        "try:\n    raise FORBIDDEN\nexcept EdgeError:\n    raise OSError('no way there')",
    ],
)
def test_what_the_site_forbids_is_told_by_that_name_whatever_a_library_made_of_it(
    tmp_path: Path, guard: PermissionGuard, body: str
) -> None:
    written = body.replace("FORBIDDEN", "EgressRefusedError('orders.example:443 is not on the list')")
    with pytest.raises(EgressRefusedError, match=r"^probe/probe:act: orders\.example:443 is not on"):
        ask(probe(tmp_path, guard, written))


def test_a_refusal_that_the_function_copes_with_is_still_told(tmp_path: Path, guard: PermissionGuard) -> None:
    body = "try:\n    open('/etc/shadow')\nexcept OSError:\n    return SkillReply(reply='done')"
    assert ask(probe(tmp_path, guard, body)).refusals == ("read /etc/shadow",)


def test_a_function_writes_into_its_own_folder_only(tmp_path: Path, guard: PermissionGuard) -> None:
    body = "open(call.data_folder + '/note', 'w').close()\nreturn SkillReply(reply='done')"
    top = '[permissions]\nfiles_write = ["{data}"]\n'
    assert ask(probe(tmp_path / "a", guard, body, top=top)).text == "Done."
    assert (tmp_path / "a" / "data" / "note").exists()
    with pytest.raises(PermissionRefusedError, match="may not write"):
        ask(probe(tmp_path / "b", guard, body))


def test_a_function_that_hangs_is_given_up_and_refused_what_it_asks_for_later(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    counters = Counters()
    go_on, after = threading.Event(), threading.Event()
    body = (
        "call.settings['events'][0].wait(10)\n"
        "try:\n    open(call.data_folder + '/late', 'w').close()\n"
        "finally:\n    call.settings['events'][1].set()"
    )
    top = '[permissions]\nfiles_write = ["{data}"]\n'
    runtime = probe(tmp_path, guard, body, top=top, counters=counters, seconds=0.05)
    runtime.skills["probe"].settings["events"] = (go_on, after)  # type: ignore[index]
    with pytest.raises(SkillFailedError, match=r"no answer within 0.05 s"):
        ask(runtime)
    go_on.set()
    assert after.wait(5)
    assert not (tmp_path / "data" / "late").exists()
    assert counters.value("nearfield_skill_timeouts_total", skill="probe") == 1


def test_a_skill_that_keeps_hanging_is_not_asked_again_until_it_returns(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    go_on = threading.Event()
    body = "call.settings['event'].wait(10)\nreturn SkillReply(reply='done')"
    runtime = probe(tmp_path, guard, body, seconds=0.02)
    runtime.skills["probe"].settings["event"] = go_on  # type: ignore[index]
    for _ in range(3):
        with pytest.raises(SkillFailedError, match="no answer"):
            ask(runtime)
    with pytest.raises(SkillFailedError, match="3 earlier calls of this skill still hang"):
        ask(runtime)
    go_on.set()
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("skill probe")]:
        thread.join(5)
    assert ask(runtime).text == "Done."


def test_an_effect_function_tells_never_from_not_now(tmp_path: Path, guard: PermissionGuard) -> None:
    body = "if call.arguments['taken']: raise EffectRejectedError('taken')\nraise OSError('calendar is away')"
    top = 'effect_functions = ["probe:act"]\n'
    runtime = probe(tmp_path, guard, body, top=top)
    with pytest.raises(EffectRejectedError, match=r"^taken$"):
        runtime.apply("probe", _act(taken=True), key="k", now=FRIDAY)
    with pytest.raises(SkillFailedError, match="calendar is away"):
        runtime.apply("probe", _act(taken=False), key="k", now=FRIDAY)
    with pytest.raises(SkillFailedError, match="no effect function 'probe:other'"):
        runtime.apply("probe", FunctionEffect(function="probe:other"), key="k", now=FRIDAY)


def _act(*, taken: bool) -> FunctionEffect:
    return FunctionEffect(function="probe:act", arguments={"taken": taken})


LISTING = '[intents.try]\nreply = "done"\n[lists.size]\nfunction = "probe:sizes"\n'


def test_lists_come_from_functions_and_settings(tmp_path: Path, guard: PermissionGuard) -> None:
    python = "def sizes(call):\n    return ['tiny', {'in': 'huge', 'out': 3}]\n"
    skill = load_probe(tmp_path, guard, manifest=LISTING, python=python)
    expected = {"probe": {"size": ["tiny", {"in": "huge", "out": 3}]}}
    assert runtime_of([skill], guard).lists() == expected


@pytest.mark.parametrize("body", ["return 3", "return [3]", "raise OSError('away')"])
def test_a_list_that_cannot_be_had_stops_the_start(tmp_path: Path, guard: PermissionGuard, body: str) -> None:
    skill = load_probe(tmp_path, guard, manifest=LISTING, python=f"def sizes(call):\n    {body}\n")
    with pytest.raises(SkillError, match="skill probe: list 'size'"):
        runtime_of([skill], guard).lists()


def test_an_unknown_skill_or_intent_is_a_failure(tmp_path: Path, guard: PermissionGuard) -> None:
    runtime = runtime_of([load_probe(tmp_path, guard, manifest=REQUIRING)], guard)
    with pytest.raises(SkillFailedError, match="no intent 'fly'"):
        runtime.answer(understood("fly"), Conversation(), now=FRIDAY, key="t")
    assert runtime.versions() == {"skill:probe": "1.2.3"}


@pytest.mark.parametrize(
    "effect",
    [
        HttpEffect(method="POST", url="https://a", body={"n": [1, None, "é"]}),
        MqttEffect(topic="a/b", body=None),
        FunctionEffect(function="a:b", arguments={"x": 1.5}),
    ],
)
def test_an_effect_survives_storage(effect: HttpEffect | MqttEffect | FunctionEffect) -> None:
    assert effect_from_json(effect_to_json(effect)) == effect


@pytest.mark.parametrize("text", ["{}", "[]", "no", '{"kind": "fax"}', '{"kind": "http", "who": 1}'])
def test_a_stored_effect_of_another_kind_is_rejected(text: str) -> None:
    with pytest.raises(EffectRejectedError, match="stored effect"):
        effect_from_json(text)


@pytest.mark.parametrize(
    ("pattern", "topic", "matches"),
    [
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("#", "a", True),
        ("#", "$SYS/a", False),
        ("a/b", "a", False),
        ("a", "a/b", False),
    ],
)
def test_topics_are_matched_as_brokers_do(pattern: str, topic: str, matches: bool) -> None:
    assert topic_matches(pattern, topic) is matches
