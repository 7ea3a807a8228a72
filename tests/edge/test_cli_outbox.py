"""``nearfield outbox``, and what erasing turns does to effects and to the conversation."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nearfield_edge.configuration import read_configuration
from nearfield_edge.doctor import checks
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.skills.api import MqttEffect
from nearfield_edge.skills.conversation import Conversation
from tests.edge.commands import Shell

NOW = datetime(2026, 3, 6, tzinfo=UTC)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def effects(shell: Shell) -> EffectStore:
    """Of three turns: one effect set aside, one waiting, one delivered."""
    store = EffectStore(shell.folder / "data" / "outbox.sqlite")
    for turn in ("lost", "waiting", "done"):
        store.stage(turn, 0, "visit", [MqttEffect(topic=f"desk/{turn}", body="ristretto")])
        store.commit(turn)
    store.settle("lost/0/0", "failed", NOW, reason="effect_rejected: nobody there")
    store.settle("done/0/0", "delivered", NOW)
    return store


@pytest.mark.usefixtures("effects")
def test_what_waits_and_what_was_set_aside_is_shown_to_people_and_to_scripts(shell: Shell) -> None:
    shown = shell.nearfield("outbox")
    assert shown.status == 0
    lost, waiting = shown.out.splitlines()[1:]
    assert " ".join(lost.split()) == (
        "lost/0/0 visit publish desk/lost set aside 1 effect_rejected: nobody there"
    )
    assert " ".join(waiting.split()) == "waiting/0/0 visit publish desk/waiting waits 0 -"
    told = json.loads(shell.nearfield("outbox", "--json").out)
    assert [(one["key"], one["turn_id"], one["state"]) for one in told] == [
        ("lost/0/0", "lost", "failed"),
        ("waiting/0/0", "waiting", "committed"),
    ]
    assert told[0]["effect"] == {"kind": "mqtt", "topic": "desk/lost", "body": "ristretto"}


def test_an_empty_outbox_says_so(shell: Shell) -> None:
    assert shell.nearfield("outbox").out == "nothing waits, and nothing was set aside\n"
    assert json.loads(shell.nearfield("outbox", "--json").out) == []


def test_an_operator_tries_one_again_and_erases_another(shell: Shell, effects: EffectStore) -> None:
    told = json.loads(
        shell.nearfield("outbox", "--retry", "lost/0/0", "--erase", "waiting/0/0", "--json").out
    )
    assert [(one["key"], one["state"]) for one in told] == [("lost/0/0", "committed")]
    assert effects.counts() == {"committed": 1, "delivered": 1}


def test_a_key_that_is_not_there_is_named(shell: Shell) -> None:
    result = shell.nearfield("outbox", "--retry", "nobody/0/0")
    assert result.status == 1
    assert result.err.startswith("nearfield: outbox: no effect nobody/0/0 waits")


def test_the_doctor_tells_of_what_could_not_be_carried_out(shell: Shell, effects: EffectStore) -> None:
    configuration = read_configuration(shell.configuration)
    finding = checks.effects(configuration)
    assert (finding.status, finding.found[:22]) == ("warn", "1 waiting, 1 set aside")
    assert "`nearfield outbox`" in finding.mend
    effects.give_up("lost/0/0")
    assert checks.effects(configuration).status == "ok"


def test_the_doctor_makes_no_outbox_where_there_is_none(shell: Shell) -> None:
    assert checks.effects(read_configuration(shell.configuration)).found == "0 waiting, 0 set aside"
    assert not (shell.folder / "data").exists()


@pytest.mark.usefixtures("effects")
@pytest.mark.parametrize("turn", ["lost", "done"])
def test_erasing_a_turn_takes_its_settled_effects_with_it(shell: Shell, turn: str) -> None:
    shell.nearfield("turns", "--erase-turn", turn)
    store = EffectStore(shell.folder / "data" / "outbox.sqlite")
    kept = {"lost": {"committed": 1, "delivered": 1}, "done": {"committed": 1, "failed": 1}}
    assert store.counts() == kept[turn]
    store.close()


def test_turns_are_erased_from_a_time_on_with_what_was_talked_about(shell: Shell) -> None:
    shell.nearfield("ask", "--text", "can I have a large latte")
    conversation = shell.folder / "data" / "conversation.json"
    assert "latte" in conversation.read_text()
    assert shell.nearfield("turns", "--erase-after", "2999-01-01").out == "0 turns erased\n"
    assert shell.nearfield("turns", "--erase-after", "2020-01-01").out == "1 turns erased\n"
    assert not conversation.exists()
    assert json.loads(shell.nearfield("turns", "--json").out) == []


def test_a_conversation_that_is_over_is_forgotten(tmp_path: Path) -> None:
    file = ConversationFile(tmp_path / "conversation.json")
    file.prune(NOW)
    file.keep(Conversation(memory={"coffee": {"drinks": []}}))
    file.prune(datetime.now(UTC) - timedelta(minutes=1))
    assert "coffee" in file.load().memory
    file.prune(datetime.now(UTC) + timedelta(minutes=1))
    assert file.load() == Conversation()
