"""Logs and counters.

Logs are structured: a static event name and fields, set up in this one place by `configure_logs`, which a
program calls once; modules then use ``structlog.get_logger()``::

    log.info("turn_ended", turn_id=turn_id, route="skill", **{"pii.transcript": transcript})

What a person said or who they are goes only under keys that begin with ``pii.``, and those are dropped unless
the site switched them on. Should it turn up elsewhere, the guard here takes it out: known personal keys are
dropped and named in ``misplaced``, values other than plain ones become their type's name, an exception leaves
its type, code and places but not its message, and a library's own message counts as personal, because some
log the words that they work on.

Counters are a small object handed down; nothing here is state of the module.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

Log = FilteringBoundLogger
"""What ``structlog.get_logger()`` gives."""

PERSONAL_PREFIX: Final = "pii."
PERSONAL_KEYS: Final = frozenset(
    {
        "address", "answer", "audio", "caller", "contact", "display_text", "email", "guest", "heard",
        "hypothesis", "message", "name", "organiser", "partial", "pcm", "person", "phone", "prompt", "query",
        "question", "reply", "said", "samples", "sentence", "slot_values", "slots", "speech", "spoken",
        "summary", "text", "transcript", "understanding", "utterance", "value", "values", "words",
    }
)  # fmt: skip
"""Field names that say something about a person; as a log key each needs the prefix."""

_LONGEST_VALUE: Final = 500
_LONGEST_SEQUENCE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """How a program logs."""

    style: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"
    personal: bool = False
    """Whether ``pii.*`` fields are written. Off unless a site switches it on for a fault that needs it."""


def configure_logs(options: LogOptions, stream: TextIO | None = None) -> None:
    """Set up all logging of this process, of our code and of the libraries.

    Args:
        options: Style, level, and whether personal fields are written.
        stream: Where lines go; standard error if None, so that standard output stays a program's answer.
    """
    out = sys.stderr if stream is None else stream
    level = logging.getLevelNamesMapping()[options.level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            PersonalGuard(personal=options.personal),
            _renderer(options, out),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryHandler(max(level, logging.WARNING)))


def _renderer(options: LogOptions, out: TextIO) -> Processor:
    if options.style == "console":
        return structlog.dev.ConsoleRenderer(colors=out.isatty())
    return structlog.processors.JSONRenderer(ensure_ascii=False)


class PersonalGuard:
    """A structlog processor after which no field holds what a person said, unless the site wants it."""

    def __init__(self, *, personal: bool) -> None:
        self._personal = personal

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        """Give the event without what must not be written."""
        _spread_exception(event)
        kept: dict[str, Any] = {}
        misplaced: list[str] = []
        for key, value in event.items():
            name = key
            if not key.startswith(PERSONAL_PREFIX) and key.lower() in PERSONAL_KEYS:
                misplaced.append(key)
                name = PERSONAL_PREFIX + key
            if self._personal or not name.startswith(PERSONAL_PREFIX):
                kept[name] = plain(value)
        if misplaced:
            kept["misplaced"] = misplaced
        return kept


def plain(value: object) -> object:
    """A value as it may be logged: numbers and short strings, sequences of them; else the type's name."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…"
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in list(value)[:_LONGEST_SEQUENCE]]
    return f"<{type(value).__name__}>"


def _spread_exception(event: MutableMapping[str, Any]) -> None:
    """Replace ``exc_info`` by the error's type, code and places, its message as a personal field."""
    given = event.pop("exc_info", None)
    error = _exception_of(given)
    if error is None:
        return
    event["error"] = type(error).__name__
    code = getattr(error, "code", None)
    if isinstance(code, str):
        event["error_code"] = code
    event["error_places"] = _places(error.__traceback__)
    event[PERSONAL_PREFIX + "error_message"] = str(error)


def _exception_of(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple) and len(given) == 3 and isinstance(given[1], BaseException):
        return given[1]
    return sys.exception() if given else None


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


class _LibraryHandler(logging.Handler):
    """Passes the libraries' warnings on as one static event."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {
            "library": record.name,
            "place": f"{record.module}:{record.lineno}",
            PERSONAL_PREFIX + "message": _message(record),
        }
        if record.args and isinstance(record.msg, str):
            fields["format"] = record.msg  # without its arguments, so static
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        structlog.get_logger().log(record.levelno, "library_warning", **fields)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)  # the library's format and arguments do not fit; its caller shall not suffer


class Counters:
    """Counts of what happened in this process, by name and labels; safe from any thread.

    Names follow Prometheus: ``nearfield_`` first, base units, ``_total`` last. Labels take few values that
    are known beforehand (a reason, a skill), never anything a person said.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self._lock = threading.Lock()

    def add(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Count.

        Args:
            name: ``nearfield_..._total``.
            amount: How much to add, not negative.
            **labels: Values by label name.

        Raises:
            ValueError: The name is not of that form, or the amount is negative.
        """
        if not _COUNTER_NAME.fullmatch(name):
            raise ValueError(f"counter {name!r} must be named nearfield_..._total in small letters")
        if amount < 0:
            raise ValueError(f"counter {name} cannot go down by {-amount}")
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._values[key] = self._values.get(key, 0) + amount

    def value(self, name: str, /, **labels: str) -> float:
        """The count so far, 0 if nothing was counted."""
        with self._lock:
            return self._values.get((name, tuple(sorted(labels.items()))), 0)

    def series(self) -> list[tuple[str, dict[str, str], float]]:
        """All counts as name, labels and value, by name."""
        with self._lock:
            values = sorted(self._values.items())
        return [(name, dict(labels), value) for (name, labels), value in values]

    def snapshot(self) -> dict[str, float]:
        """All counts, keyed as Prometheus writes them: ``nearfield_frames_dropped_total{source="mic"}``."""
        return {_series(name, labels): value for name, labels, value in self.series()}


_COUNTER_NAME: Final = re.compile(r"nearfield_[a-z0-9]+(_[a-z0-9]+)*_total")


def _series(name: str, labels: Mapping[str, str]) -> str:
    if not labels:
        return name
    inside = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return f"{name}{{{inside}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
