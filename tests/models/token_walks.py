"""Walks of whole texts through a grammar, as a search would make them token by token."""

from __future__ import annotations

from collections.abc import Iterable

from nearfield_models.asr.tokens import Tokens
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.decoding.places import GrammarWalk, Spot


def small_table(*merged: str) -> Tokens:
    """A table of single characters and the pieces given, in the order in which they are merged."""
    characters = "▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-',.?!$%:&°"
    return Tokens([piece.encode() for piece in ("<unk>", "<s>", "</s>", *characters, *merged)])


def spots_after(walk: GrammarWalk, table: Tokens, tokens: Iterable[int]) -> list[Spot]:
    """Where a walk may stand after tokens; a mark behind a word stays where it was, or is part of a word."""
    marks = TokenMarks(table)
    free = frozenset(marks.punctuation.tolist())
    spots = [(walk.begin(), False)]
    for token in tokens:
        ahead = [
            (walk.advance(spot, token, begins_word=marks.begins_word(token)), False)
            for spot, _ in spots
            if spot.any_token or token in spot.ids
        ]
        if token in free:
            ahead += [(spot, True) for spot, marked in spots if spot.boundary and not marked]
        spots = [(spot, marked) for spot, marked in ahead if spot.places or spot.complete]
    return [spot for spot, _ in spots]


def reads(walk: GrammarWalk, table: Tokens, text: str) -> bool:
    """Whether a text, in the tokens that the table writes it in, is a sentence."""
    return any(spot.complete for spot in spots_after(walk, table, table.encode(text)))
