"""``nearfield answers``: what is kept of the cloud's answers, and what waits to be asked."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.escalation.answers import AnswerCache
from nearfield_edge.escalation.files import open_answers, open_questions
from nearfield_edge.escalation.kept_answer import KeptAnswer
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.escalation.queued_question import QueuedQuestion

_SAID = {
    "waiting": "waits for a link",
    "asked": "is being asked",
    "answered": "answered, not told yet",
    "given_up": "given up",
}


@click.command("answers")
@click.option("--erase", multiple=True, type=int, metavar="NUMBER", help="Erase a kept answer.")
@click.option("--erase-question", multiple=True, metavar="KEY", help="Erase a question that waits.")
@click.option("--erase-turn", metavar="TURN", help="Erase what a turn asked and was answered.")
@click.option("--erase-person", metavar="PERSON", help="Erase what a person asked and was answered.")
@click.option("--erase-all", is_flag=True, help="Erase all answers and questions.")
@config_option
@json_option
def command(
    erase: tuple[int, ...],
    erase_question: tuple[str, ...],
    erase_turn: str | None,
    erase_person: str | None,
    erase_all: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show the cloud's answers that the device keeps, and the questions that wait; or erase some for good."""
    place = place_of(config)
    parts: dict[str, Any] = {"clock": place.clock, "counters": place.counters}
    with (
        closing(open_answers(place.configuration, **parts)) as answers,
        closing(open_questions(place.configuration, **parts)) as questions,
    ):
        if erase or erase_question or erase_turn or erase_person or erase_all:
            for number in erase:
                answers.erase_number(number)
            for key in erase_question:
                questions.erase_key(key)
            _erase(answers, questions, erase_turn, erase_person, everything=erase_all)
        kept, waiting = answers.all(), questions.all()
    if as_json:
        told = {"answers": [_answer(one) for one in kept], "questions": [_question(one) for one in waiting]}
        print_json(told)
    elif kept or waiting:
        console = Console()
        for table in (_answer_table(kept), _question_table(waiting)):
            if table.row_count:
                console.print(table)
    else:
        print("no answer is kept, and no question waits")


def _erase(
    answers: AnswerCache, questions: QuestionQueue, turn: str | None, person: str | None, *, everything: bool
) -> None:
    for part in (answers, questions):
        if turn is not None:
            part.erase(turn)
        if person is not None:
            part.erase_person(person)
        if everything:
            part.clear()


def _answer(kept: KeptAnswer) -> dict[str, Any]:
    return {
        "number": kept.number,
        "question": kept.question,
        "sentences": [asdict(sentence) for sentence in kept.sentences],
        "source": kept.source,
        "turn_id": kept.turn_id,
        "created_at": kept.created_at.isoformat(),
        "expires_at": kept.expires_at.isoformat(),
        "used_at": kept.used_at.isoformat(),
        "uses": kept.uses,
    }


def _question(queued: QueuedQuestion) -> dict[str, Any]:
    return {
        "key": queued.question.key,
        "turn_id": queued.question.turn_id,
        "question": queued.question.text,
        "state": queued.state,
        "sentences": [asdict(sentence) for sentence in queued.sentences],
        "reason": queued.reason,
        "kept_at": _at(queued.kept_ms).isoformat(),
    }


def _answer_table(kept: tuple[KeptAnswer, ...]) -> Table:
    table = _table("number", "question", "answer", "from", "until", "uses")
    for one in kept:
        documents = dict.fromkeys(citation.document for said in one.sentences for citation in said.citations)
        said = " ".join(sentence.text for sentence in one.sentences)
        until = f"{one.expires_at:%Y-%m-%d %H:%M}"
        table.add_row(str(one.number), one.question, said, ", ".join(documents), until, str(one.uses))
    return table


def _question_table(waiting: tuple[QueuedQuestion, ...]) -> Table:
    table = _table("key", "question", "since", "state", "why")
    for one in waiting:
        since = f"{_at(one.kept_ms):%Y-%m-%d %H:%M}"
        table.add_row(one.question.key, one.question.text, since, _SAID[one.state], one.reason or "-")
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
