"""What is logged, and above all what is not."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from nearfield_sync.errors import MessageError
from nearfield_sync.telemetry import PERSONAL_KEYS, PERSONAL_PREFIX, LogOptions, PersonalGuard, configure_logs

ROOT = Path(__file__).resolve().parents[2]
SECRET = "one large latte for Ada"


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_event_level_time_and_fields() -> None:
    stream = io.StringIO()
    configure_logs(LogOptions(), stream)
    structlog.get_logger().info("turn_ended", turn_id="t1", latency_ms=12.5)
    (line,) = lines(stream)
    assert line["event"] == "turn_ended"
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")
    assert (line["turn_id"], line["latency_ms"]) == ("t1", 12.5)


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    configure_logs(LogOptions(level="warning"), stream)
    structlog.get_logger().info("turn_ended")
    assert stream.getvalue() == ""


def test_personal_fields_are_dropped_unless_switched_on() -> None:
    for personal in (False, True):
        stream = io.StringIO()
        configure_logs(LogOptions(personal=personal), stream)
        structlog.get_logger().info("turn_ended", **{"pii.transcript": SECRET})
        assert (SECRET in stream.getvalue()) is personal


def test_the_console_style_drops_personal_fields_too() -> None:
    stream = io.StringIO()
    configure_logs(LogOptions(style="console"), stream)
    structlog.get_logger().info("turn_ended", turn_id="t1", **{"pii.transcript": SECRET})
    assert "turn_ended" in stream.getvalue()
    assert SECRET not in stream.getvalue()


@given(st.sampled_from(sorted(PERSONAL_KEYS)), st.booleans())
def test_a_personal_key_without_its_prefix_is_taken_out_and_named(key: str, capital: bool) -> None:
    name = key.capitalize() if capital else key
    event = PersonalGuard(personal=False)(None, "info", {"event": "turn_ended", name: SECRET})
    assert SECRET not in repr(event)
    assert event["misplaced"] == [name]


def test_values_that_could_hide_a_persons_words_become_their_types_name() -> None:
    event = PersonalGuard(personal=False)(
        None, "info", {"event": "e", "state": {"transcript": SECRET}, "ids": ["a"]}
    )
    assert event["state"] == "<dict>"
    assert event["ids"] == ["a"]


def test_an_exception_leaves_its_type_code_and_place_but_not_its_message() -> None:
    stream = io.StringIO()
    configure_logs(LogOptions(), stream)
    try:
        raise MessageError(SECRET)
    except MessageError:
        structlog.get_logger().exception("turn_failed")
    (line,) = lines(stream)
    assert (line["error"], line["error_code"]) == ("MessageError", "message_invalid")
    assert "test_logs.py" in line["error_places"][-1]
    assert SECRET not in stream.getvalue()


def test_a_librarys_warning_is_kept_without_the_words_in_it() -> None:
    stream = io.StringIO()
    configure_logs(LogOptions(), stream)
    logging.getLogger("gruut").warning("no pronunciation for %s", SECRET)
    logging.getLogger("other").warning("no pronunciation for " + SECRET)
    first, second = lines(stream)
    assert (first["event"], first["library"], first["format"]) == (
        "library_warning",
        "gruut",
        "no pronunciation for %s",
    )
    assert second["library"] == "other"
    assert SECRET not in stream.getvalue()


def test_a_library_that_formats_its_warning_wrongly_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own would refuse it
    configure_logs(LogOptions(), stream)
    logging.getLogger("sloppy").warning("%d words", SECRET)
    (line,) = lines(stream)
    assert line["format"] == "%d words"
    assert SECRET not in stream.getvalue()


def test_configuring_twice_does_not_write_library_warnings_twice() -> None:
    stream = io.StringIO()
    configure_logs(LogOptions(), stream)
    configure_logs(LogOptions(), stream)
    logging.getLogger("gruut").warning("once")
    assert len(lines(stream)) == 1


# ---------------------------------------------------------------------------------------------------------
# The whole repository: no log call puts a person's words under another key.

LOG_METHODS = frozenset(
    {"debug", "info", "warning", "error", "exception", "critical", "adebug", "ainfo", "awarning", "aerror",
     "aexception", "bind", "bind_contextvars", "bound_contextvars"}
)  # fmt: skip
EVENT_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Counting what a person said is not saying it.
HARMLESS_CALLS = frozenset({"len", "bool", "type"})
PERSONAL_NAMES = PERSONAL_KEYS - {"address", "name", "message", "value", "values", "audio"}


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def is_log_call(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return isinstance(call.func, ast.Name) and call.func.id in {"bind_contextvars", "bound_contextvars"}
    receiver = last_name(call.func.value).strip("_").lower()
    return call.func.attr in LOG_METHODS and receiver in {
        "log", "logger", "logging", "get_logger", "getLogger".lower(), "structlog", "contextvars", "bind",
    }  # fmt: skip


def mentions_a_person(value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and last_name(value.func) in HARMLESS_CALLS:
        return False
    if isinstance(value, ast.Name | ast.Attribute) and last_name(value) in PERSONAL_NAMES:
        return True
    return any(
        mentions_a_person(child) for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr)
    )


def faults_of_field(key: str, value: ast.expr) -> list[str]:
    if key.startswith(PERSONAL_PREFIX) or key == "exc_info":
        return []
    if key.lower() in PERSONAL_KEYS:
        return [f"personal field {key!r} without {PERSONAL_PREFIX}"]
    return [f"field {key!r} takes a personal value"] if mentions_a_person(value) else []


def faults_of_call(call: ast.Call) -> list[str]:
    found: list[str] = []
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if attribute in LOG_METHODS and not attribute.endswith(("bind", "contextvars")):
        event = call.args[0] if call.args else None
        static = isinstance(event, ast.Constant) and isinstance(event.value, str)
        if not static or not EVENT_NAME.fullmatch(str(getattr(event, "value", ""))):
            found.append("the event is not a static name in small_letters")
        if len(call.args) > 1:
            found.append("values are given as arguments instead of fields")
    for keyword in call.keywords:
        if keyword.arg is not None:
            found += faults_of_field(keyword.arg, keyword.value)
        elif isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    found += faults_of_field(key.value, value)
                else:
                    found.append("fields are unpacked from what cannot be read here")
        else:
            found.append("fields are unpacked from what cannot be read here")
    return found


def faults_of_source(source: str) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and is_log_call(node))
    return [f"line {call.lineno}: {fault}" for call in calls for fault in faults_of_call(call)]


@pytest.mark.parametrize(
    "source",
    [
        "log.info('turn_ended', transcript=t)",
        "log.info('turn_ended', detail=turn.transcript)",
        "self._log.warning('no_match', best=f'{match.text}')",
        "log.info(f'heard {x}')",
        "log.info('Heard something')",
        "logger.error('failed %s', words)",
        "structlog.get_logger().info('turn_ended', **fields)",
        "log.bind(person=who)",
        "log.info('turn_ended', **{'slots': s})",
    ],
)
def test_the_guard_over_the_sources_sees_each_kind_of_slip(source: str) -> None:
    assert faults_of_source(source)


@pytest.mark.parametrize(
    "source",
    [
        "log.info('turn_ended', turn_id=turn.turn_id, words_count=len(words))",
        "log.info('turn_ended', **{'pii.transcript': turn.transcript})",
        "log.exception('turn_failed', exc_info=error)",
        "math.log(text)",
    ],
)
def test_the_guard_over_the_sources_lets_right_calls_pass(source: str) -> None:
    assert faults_of_source(source) == []


def test_no_log_call_in_the_repository_writes_what_a_person_said() -> None:
    faults = []
    for folder in ("edge", "cloud", "models", "firmware-images", "sync", "provisioning", "tools"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            faults += [
                f"{path.relative_to(ROOT)}: {fault}" for fault in faults_of_source(path.read_text("utf-8"))
            ]
    assert faults == []
