"""One turn as a picture: from its record to an SVG document, and nothing else.

Time goes from left to right in up to three stretches, each with a scale of its own: the person speaks, the
person waits, the device speaks. The wait gets the most room, because it is what the picture is for. Above,
each stage has a bar where it took its time; below, each thing that happened has a line. Colours follow the
reader's light or dark setting, and whatever they say is said in words, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from nearfield_edge.cli.turn_times import Stretch, stretches_of, ticks_of
from nearfield_sync.messages.turn_record import TimelineEntry, TurnRecord

WIDTH: Final = 960
_LEFT: Final = 364
_RIGHT: Final = 868
_MARGIN: Final = 24
_TOP: Final = 148
"""Where the first line begins."""
_BAR: Final = 14
_APART: Final = 20
"""Between the stages and what happened."""
_DETAIL: Final = 142
"""From the margin."""
_ROW: Final = 22
MOST_ROWS: Final = 28
_MOST_PARTIALS: Final = 3
_DETAIL_LETTERS: Final = 29
_HEADING_LETTERS: Final = 110
_NOT_IN_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER_PIXELS: Final = 36
_NARROWEST: Final = 2.0
"""What took no time can be seen all the same."""

_FOOT: Final = (
    "Milliseconds since the end of speech; each stretch has a scale of its own. Bars: how long a stage took."
)
_STAGES: Final = (
    ("endpoint", "until it was sure that the turn had ended"),
    ("transcript", "until the words were known"),
    ("understood", "until they were understood"),
    ("first_audio", "until the reply began to sound"),
)
"""As in the timings, in order."""

_WORDS: Final = {
    "partial": "heard so far",
    "guessed": "if it ends here",
    "judged": "sounds finished",
    "guess_dropped": "guess dropped",
    "guess_kept": "guess kept",
    "endpoint": "end of the turn",
    "transcript": "words known",
    "understood": "understood",
    "route": "route",
    "answered": "answer",
    "first_audio": "first sound",
    "done": "reply ended",
    "reopened": "spoke on",
    "apologised": "apology",
    "failed": "failed",
    "effects_committed": "effects begun",
    "effects_dropped": "effects dropped",
    "speech_held": "reply held",
    "speech_resumed": "reply goes on",
    "speech_stopped": "reply stopped",
}
"""For the timeline's events; one that is not here is called as in the record."""

_STYLE: Final = """<style>
  :root { color-scheme: light dark }
  .ground { fill: #ffffff } .band { fill: #f3f5f8 } .ink { fill: #1a202c } .soft { fill: #56606f }
  .grid { stroke: #d4dae2 } .zero { stroke: #1a202c } .dot { fill: #1a202c }
  .speech { fill: #8c97a8 } .endpoint { fill: #2f7fb5 } .transcript { fill: #0b7a57 }
  .understood { fill: #b7791f } .first_audio { fill: #8a4bab } .reply { fill: #c8553d }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #12161d } .band { fill: #1b212b } .ink { fill: #edf0f5 } .soft { fill: #a3aebd }
    .grid { stroke: #353d4a } .zero { stroke: #edf0f5 } .dot { fill: #edf0f5 }
    .speech { fill: #76839a } .endpoint { fill: #5aa9dd } .transcript { fill: #3fc393 }
    .understood { fill: #e0a84a } .first_audio { fill: #c08be0 } .reply { fill: #ee8a73 }
  }
</style>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """A stretch of time with a colour and a sentence."""

    kind: str
    """Also the class of its colour."""
    begin_ms: float
    end_ms: float
    words: str


def turn_picture(record: TurnRecord) -> str:
    """Draw a turn of any outcome as an SVG document that needs nothing else."""
    stretches = stretches_of(record, _LEFT, _RIGHT)
    rows = _rows(record.timeline)
    bars = _bars(record, stretches)
    rows_top = _TOP + _ROW * len(bars) + _APART
    height = rows_top + _ROW * len(rows) + 46
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif">'
    )
    parts = [
        opening,
        f'<title id="title">{_written(f"Turn {record.turn_id}")}</title>',
        f'<desc id="desc">{_written(told(record))}</desc>',
        _STYLE,
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="10"/>',
        *_heading(record),
        *_scale(stretches, height - 36),
        *_stages(bars, stretches),
        *_happenings(rows, stretches, rows_top),
        _text(_MARGIN, height - 14, _FOOT, "soft", size=11),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def told(record: TurnRecord) -> str:
    """The picture in words, for whoever cannot see it."""
    reply = record.reply.text if record.reply is not None else ""
    sentences = [
        f"Heard: {record.transcript or 'nothing'}.",
        f"Said: {reply}." if reply else "Nothing was said.",
        f"The turn was opened by {record.opened_by} and its outcome is {record.outcome}.",
    ]
    sentences += [
        f"{at:+.0f} milliseconds: {words.removeprefix('until ')}."
        for name, words in _STAGES
        if (at := getattr(record.timings_ms, name)) is not None
    ]
    if record.timings_ms.done is not None:
        sentences.append(f"{record.timings_ms.done:+.0f} milliseconds: the reply ended.")
    sentences += [f"Fault: {fault}." for fault in record.faults]
    return " ".join(sentences).replace("..", ".").replace("?.", "?")


def _heading(record: TurnRecord) -> Iterator[str]:
    heard = f"“{record.transcript}”" if record.transcript else f"(nothing was heard: {record.outcome})"
    yield _text(_MARGIN, 34, _shortened(heard, 84), size=18, weight=600)
    understood = record.understanding
    means = "not understood"
    if understood.intent is not None:
        slots = ", ".join(f"{name}: {value}" for name, value in understood.slots.items())
        means = f"{understood.skill}.{understood.intent}" + (f" ({slots})" if slots else "")
    route = "" if record.route is None else f", route {record.route.route}: {record.route.reason}"
    yield _text(_MARGIN, 58, _shortened(means + route, _HEADING_LETTERS), "soft")
    if record.reply is not None and record.reply.text:
        yield _text(_MARGIN, 80, _shortened(f"→ “{record.reply.text}”", _HEADING_LETTERS))
    elif record.faults:
        yield _text(_MARGIN, 80, _shortened("faults: " + ", ".join(record.faults), _HEADING_LETTERS))


def _scale(stretches: Sequence[Stretch], bottom: float) -> Iterator[str]:
    for number, stretch in enumerate(stretches):
        if number % 2 == 0 and len(stretches) > 1:
            yield (
                f'<rect class="band" x="{stretch.left:.1f}" y="{_TOP - 42}" '
                f'width="{stretch.right - stretch.left:.1f}" height="{bottom - _TOP + 42:.1f}"/>'
            )
    for stretch in stretches:
        middle = (stretch.left + stretch.right) / 2
        yield _text(middle, _TOP - 28, stretch.name, "soft", size=12, anchor="middle")
    ends = {stretch.begin_ms for stretch in stretches} | {stretches[-1].end_ms}
    taken = [_x(end, stretches) for end in ends]
    moments = {at: stretch.x(at) for stretch in stretches for at in ticks_of(stretch)}
    for at, x in moments.items():
        line = "zero" if at == 0 else "grid"
        yield f'<line class="{line}" x1="{x:.1f}" y1="{_TOP - 4}" x2="{x:.1f}" y2="{bottom:.1f}"/>'
        if at in ends or min(abs(x - other) for other in taken) >= _NUMBER_PIXELS:
            yield _text(x, _TOP - 9, _signed(at, plus=""), "soft", size=11, anchor="middle")
            taken.append(x)


def _bars(record: TurnRecord, stretches: Sequence[Stretch]) -> list[_Bar]:
    begin = stretches[0].begin_ms
    bars = []
    if begin < 0:
        bars.append(
            _Bar(kind="speech", begin_ms=begin, end_ms=0.0, words="the person speaks, since the first event")
        )
    before = 0.0
    for name, words in _STAGES:
        at = getattr(record.timings_ms, name)
        if at is not None:
            bars.append(_Bar(kind=name, begin_ms=min(before, at), end_ms=at, words=words))
            before = max(before, at)
    first, done = record.timings_ms.first_audio, record.timings_ms.done
    if first is not None and done is not None:
        bars.append(_Bar(kind="reply", begin_ms=first, end_ms=done, words="the device speaks"))
    return bars


def _stages(bars: Sequence[_Bar], stretches: Sequence[Stretch]) -> Iterator[str]:
    for number, bar in enumerate(bars):
        y = _TOP + (number + 0.5) * _ROW
        left, right = _x(bar.begin_ms, stretches), _x(bar.end_ms, stretches)
        yield f'<rect class="{bar.kind}" x="{_MARGIN}" y="{y - 6:.1f}" width="12" height="12" rx="2"/>'
        yield _text(_MARGIN + 20, y + 4, bar.words)
        yield (
            f'<rect class="{bar.kind}" x="{left:.1f}" y="{y - _BAR / 2:.1f}" '
            f'width="{max(_NARROWEST, right - left):.1f}" height="{_BAR}" rx="2">'
            f"<title>{_written(_measured(bar))}</title></rect>"
        )
        if bar.kind != "speech":  # a record does not say when it began
            yield _text(WIDTH - _MARGIN, y + 4, f"{bar.end_ms - bar.begin_ms:.0f} ms", anchor="end")


def _happenings(rows: Sequence[TimelineEntry], stretches: Sequence[Stretch], top: float) -> Iterator[str]:
    for number, row in enumerate(rows):
        y, x = top + (number + 0.5) * _ROW, _x(row.at_ms, stretches)
        words = _WORDS.get(row.event, row.event.replace("_", " "))
        yield _text(_MARGIN, y + 4, words, weight=600)
        if row.detail:
            detail = _shortened(row.detail, _DETAIL_LETTERS)
            yield _text(_MARGIN + _DETAIL, y + 4, detail, "soft", tip=row.detail)
        yield (
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_RIGHT}" y2="{y:.1f}" '
            'stroke-dasharray="2 4"/>'
        )
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        yield _text(WIDTH - _MARGIN, y + 4, _signed(row.at_ms), anchor="end")


def _rows(timeline: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """In order of time; of many partial transcripts only the last, of very many events the first."""
    ordered = sorted(timeline, key=lambda entry: entry.at_ms)
    partials = [entry for entry in ordered if entry.event == "partial"]
    left_out = {id(entry) for entry in partials[:-_MOST_PARTIALS]}
    rows = [entry for entry in ordered if id(entry) not in left_out]
    if len(rows) <= MOST_ROWS:
        return rows
    rest = len(rows) - MOST_ROWS + 1
    more = TimelineEntry(at_ms=rows[-rest].at_ms, event="more", detail=f"{rest} further events")
    return [*rows[:-rest], more]


def _x(at_ms: float, stretches: Sequence[Stretch]) -> float:
    for stretch in stretches:
        if at_ms <= stretch.end_ms:
            return stretch.x(max(at_ms, stretch.begin_ms))
    return stretches[-1].right


def _signed(ms: float, plus: str = "+") -> str:
    """A whole number with its sign; a minus that is as wide as a plus."""
    whole = round(ms)
    return f"\N{MINUS SIGN}{-whole}" if whole < 0 else f"{plus if whole else ''}{whole}"


def _measured(bar: _Bar) -> str:
    between = f"from {_signed(bar.begin_ms)} to {_signed(bar.end_ms)}"
    return f"{bar.words}: {bar.end_ms - bar.begin_ms:.0f} ms, {between}"


def _written(text: str) -> str:
    """As it may stand in an XML document, which has no place for control characters."""
    return escape(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _shortened(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def _text(
    x: float,
    y: float,
    text: str,
    kind: str = "ink",
    *,
    size: int = 13,
    weight: int = 400,
    anchor: str = "start",
    tip: str = "",
) -> str:
    title = f"<title>{_written(tip)}</title>" if tip else ""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{_written(text)}{title}</text>'
    )
