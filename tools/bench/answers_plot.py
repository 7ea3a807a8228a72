"""The picture of answers: how many right ones against how many that should not have been given; plain SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

_WIDTH: Final = 760
_HEIGHT: Final = 440
_LEFT: Final = 56
_RIGHT: Final = 190
_TOP: Final = 40
_BOTTOM: Final = 56
_COLOURS: Final = ("#0b6e4f", "#b5483a", "#3b6fb6")
_TARGET: Final = (0.10, 0.60)

Curve = Sequence[tuple[float, float]]
"""Points: of the questions without an answer those given one, of the answerable ones those answered right."""


def curve_svg(curves: Mapping[str, Curve], chosen: tuple[float, float]) -> str:
    """Draw curves by their names; ``chosen`` is where the shipped way of choosing a threshold stands."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 22, "Answers out of passages, one article left out of training at a time", size=14),
        *_axes(),
        *_target(),
    ]
    for (name, curve), colour in zip(curves.items(), _COLOURS, strict=False):
        points = " ".join(f"{_x(wrong):.1f},{_y(right):.1f}" for wrong, right in curve)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        end_wrong, end_right = curve[-1]
        parts.append(_text(_x(end_wrong) + 10, _y(end_right) + 4, name, colour=colour))
    x, y = _x(chosen[0]), _y(chosen[1])
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{_COLOURS[0]}"/>', "</svg>"]
    return "\n".join(parts) + "\n"


def _axes() -> Iterable[str]:
    for percent in range(0, 101, 20):
        x, y = _x(percent / 100), _y(percent / 100)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#e3e3e3"/>'
        yield _text(_LEFT - 8, y + 4, f"{percent} %", "end")
        yield _text(x, _HEIGHT - _BOTTOM + 18, f"{percent} %", "middle")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield _text(middle, _HEIGHT - 12, "questions without an answer that were given one", "middle")
    yield _text(_LEFT + 4, _TOP + 2, "answerable questions answered right", colour="#6b6b6b")


def _target() -> Iterable[str]:
    x, y = _x(_TARGET[0]), _y(_TARGET[1])
    yield (
        f'<path d="M{_x(0):.1f} {y:.1f} H{x:.1f} V{_y(1):.1f}" fill="none" stroke="#6b6b6b" '
        'stroke-dasharray="5 4"/>'
    )
    yield _text(x + 6, y - 4, "target", colour="#6b6b6b")


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _text(
    x: float, y: float, text: str, anchor: str = "start", *, colour: str = "#222222", size: int = 12
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}">{escape(text)}</text>'
    )
