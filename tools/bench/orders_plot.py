"""The picture of a sweep: our share with its interval, what others published as broken lines; plain SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from tools.bench.order_rates import Share
from tools.bench.published import PUBLISHED, PUBLISHED_SNRS_DB

_WIDTH: Final = 760
_HEIGHT: Final = 440
_LEFT: Final = 56
_RIGHT: Final = 190
_TOP: Final = 40
_BOTTOM: Final = 56
_CLEAN_DB: Final = 27.0
"""Where the recordings without noise stand, right of the largest ratio."""
_LOWEST: Final = 50.0
_OURS: Final = "#0b6e4f"
_THEIRS: Final = ("#b5483a", "#7a5195", "#3b6fb6", "#c28f2c", "#6b6b6b")


def sweep_svg(shares: Mapping[float, Share], clean: Share) -> str:
    """Draw the share of right orders over the ratio of speech to noise in decibels, as an SVG document."""
    ours = {**shares, _CLEAN_DB: clean}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 22, "Orders fully right, by ratio of speech to noise", size=14),
        *_axes(ours),
        *_published_lines(),
        *_our_line(ours),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axes(ours: Mapping[float, Share]) -> Iterable[str]:
    for percent in range(int(_LOWEST), 101, 10):
        y = _y(percent)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#e3e3e3"/>'
        yield _text(_LEFT - 8, y + 4, f"{percent} %", anchor="end")
    for snr_db in sorted(ours):
        name = "clean" if snr_db == _CLEAN_DB else f"{snr_db:g}"
        yield _text(_x(snr_db), _HEIGHT - _BOTTOM + 18, name, anchor="middle")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield _text(
        middle, _HEIGHT - 12, "speech over kitchen noise, dB (published: mean of two noises)", "middle"
    )


def _published_lines() -> Iterable[str]:
    best_first = sorted(PUBLISHED.items(), key=lambda published: -published[1][-1])
    heights = _apart([_y(rates[-1]) for _, rates in best_first])
    for (name, rates), colour, height in zip(best_first, _THEIRS, heights, strict=True):
        points = " ".join(
            f"{_x(snr_db):.1f},{_y(rate):.1f}" for snr_db, rate in zip(PUBLISHED_SNRS_DB, rates, strict=True)
        )
        yield (
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5" '
            'stroke-dasharray="5 4"/>'
        )
        yield _text(_WIDTH - _RIGHT + 10, height + 4, f"{name} (published)", colour=colour)


def _our_line(ours: Mapping[float, Share]) -> Iterable[str]:
    ordered = sorted(ours.items())
    upper = [f"{_x(at):.1f},{_y(100 * share.high):.1f}" for at, share in ordered]
    lower = [f"{_x(at):.1f},{_y(100 * share.low):.1f}" for at, share in reversed(ordered)]
    yield f'<polygon points="{" ".join(upper + lower)}" fill="{_OURS}" fill-opacity="0.15"/>'
    points = [f"{_x(at):.1f},{_y(100 * share.share):.1f}" for at, share in ordered]
    yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{_OURS}" stroke-width="2.5"/>'
    for point in points:
        x, y = point.split(",")
        yield f'<circle cx="{x}" cy="{y}" r="3.5" fill="{_OURS}"/>'
    top = _y(100 * ours[_CLEAN_DB].share)
    yield _text(_WIDTH - _RIGHT + 10, top - 8, "Nearfield, 95 % interval", colour=_OURS)


def _apart(heights: list[float], least: float = 15.0) -> list[float]:
    """Move labels, the highest first, down until none covers another."""
    moved: list[float] = []
    for height in heights:
        moved.append(height if not moved else max(height, moved[-1] + least))
    return moved


def _x(snr_db: float) -> float:
    return _LEFT + 14 + snr_db / _CLEAN_DB * (_WIDTH - _LEFT - _RIGHT - 28)


def _y(percent: float) -> float:
    shown = max(_LOWEST, min(100.0, percent))
    return _HEIGHT - _BOTTOM - (shown - _LOWEST) / (100.0 - _LOWEST) * (_HEIGHT - _TOP - _BOTTOM)


def _text(
    x: float, y: float, text: str, anchor: str = "start", *, colour: str = "#222222", size: int = 12
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}">{escape(text)}</text>'
    )
