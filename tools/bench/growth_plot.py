"""The picture of a soak: resident memory over device time, and the counts below it; plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from tools.bench.growth import Reading

_WIDTH: Final = 760
_LEFT: Final = 60
_RIGHT: Final = 24
_PANELS: Final = (
    ("resident_mb", "resident memory, MB", 64, 200),
    ("descriptors", "file descriptors", 306, 44),
    ("threads", "threads", 392, 44),
    ("tasks", "asyncio tasks", 478, 44),
)
"""Field, heading, top and height."""
_HEIGHT: Final = 572
_STEPS_HOURS: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 24.0)
_OPENING: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
    'aria-labelledby="title desc" font-family="system-ui, sans-serif">'
)
_STYLE: Final = (
    "<style>:root{color-scheme:light dark}.ground{fill:#fff}.ink{fill:#1d2330}.grid{stroke:#d9dde4}"
    ".line{stroke:#0b6e4f;fill:none;stroke-width:1.8}"
    "@media(prefers-color-scheme:dark){.ground{fill:#14181f}.ink{fill:#e6e9ef}.grid{stroke:#39414e}"
    ".line{stroke:#5fd3a8}}</style>"
)


def growth_svg(readings: Sequence[Reading]) -> str:
    """Draw readings in order of time, of which there is at least one, as an SVG document."""
    first, last = readings[0], readings[-1]
    hours = max(last.at_hours, 1e-3)
    told = (
        f"Resident memory begins at {first.resident_mb:.0f} MB and ends at {last.resident_mb:.0f} MB after "
        f"{hours:.1f} hours of device time; descriptors {first.descriptors} to {last.descriptors}, threads "
        f"{first.threads} to {last.threads}, tasks {first.tasks} to {last.tasks}."
    )
    panels = [line for panel in _PANELS for line in _panel(readings, hours, *panel)]
    return "\n".join(
        [
            _OPENING,
            '<title id="title">A device over time</title>',
            f'<desc id="desc">{escape(told)}</desc>',
            _STYLE,
            f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
            _text(_LEFT, 26, "What the process takes, between visits", size=15, weight="600"),
            *panels,
            *_hours(hours),
            _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, "hours of device time", anchor="middle"),
            "</svg>",
            "",
        ]
    )


def _panel(
    readings: Sequence[Reading], hours: float, field: str, heading: str, top: float, height: float
) -> Iterator[str]:
    values = [float(getattr(reading, field)) for reading in readings]
    low, high = _range(values)
    yield _text(_LEFT, top - 8, heading)
    for value in (low, high):
        y = _y(value, low, high, top, height)
        yield f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        yield _text(_LEFT - 8, y + 4, f"{value:g}", anchor="end")
    points = " ".join(
        f"{_x(reading.at_hours, hours):.1f},{_y(value, low, high, top, height):.1f}"
        for reading, value in zip(readings, values, strict=True)
    )
    yield f'<polyline class="line" points="{points}"/>'


def _hours(hours: float) -> Iterator[str]:
    step = next((step for step in _STEPS_HOURS if hours / step <= 10), _STEPS_HOURS[-1])
    for number in range(int(hours / step) + 1):
        at = number * step
        yield _text(_x(at, hours), _HEIGHT - 32, f"{at:g}", anchor="middle")


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Round numbers around all values, never so close that noise fills the picture."""
    step = 50.0 if max(values) > 200 else 5.0
    low = min(values) // step * step
    high = -(-max(values) // step) * step
    return low, max(high, low + 2 * step)


def _x(at_hours: float, hours: float) -> float:
    return _LEFT + at_hours / hours * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, low: float, high: float, top: float, height: float) -> float:
    return top + height * (1 - (value - low) / (high - low))


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, weight: str = "400"
) -> str:
    return (
        f'<text class="ink" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )
