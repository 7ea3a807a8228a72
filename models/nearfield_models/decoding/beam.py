"""Beam search inside a grammar, with the free decode beside it as one more row of the batch.

All rows are as long as each other: every step feeds one token to each. A hypothesis is ranked by the
log-likelihood of its tokens and a bonus for each word-bearing token; the bonus stands in for the length prior
that a beam lacks (every further token can only lower a likelihood, so in noise words would be left out).
Punctuation is free: it neither costs nor earns. Of hypotheses that say the same words and stand at the same
places only the best written one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Generic, NamedTuple

import numpy as np

from nearfield_models.asr.moonshine_greedy import loop_length
from nearfield_models.asr.moonshine_model import log_probabilities
from nearfield_models.cancellation import Cancellation
from nearfield_models.decoding.engine import EncodedT, Floats, PastT, SpeechDecoder
from nearfield_models.decoding.inner_language import CONTEXT_TOKENS, Context, InnerLanguage
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.decoding.places import GrammarWalk, Place, Spot

_WILDCARD_CHOICES: Final = 4
_LIKELY_MARK_NATS: Final = -2.5
_MARK_HANDICAP: Final = 1.5
"""What a mark is given while it is compared with tokens that have just earned something; not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How wide and how long a search is."""

    width: int = 8
    """Hypotheses inside the grammar that go on side by side."""
    width_in_noise: int = 16
    """As ``width``, where noise is loud enough to be turned down: the right one falls behind more often."""
    language: float = 0.5
    """How much of the decoder's own preference for common texts is taken off a complete sentence's score."""
    bonus: float = 0.2
    """Nats for each letter of a complete sentence's words with a meaning."""
    search_language: float = 0.25
    """As ``language``, while hypotheses of different reach are compared."""
    search_bonus: float = 0.4
    """As ``bonus``, while hypotheses of different reach are compared."""
    behind: float = 12.0
    """Hypotheses further behind the best one are dropped; nats."""
    ahead: float = 8.0
    """A search ends when none is within this many nats of the best complete one."""
    longest: int = 64
    """Tokens after which it ends in any case."""
    filler_cost: float = 2.0
    """Nats against each token that means nothing: most people say none."""
    correction_cost: float = 1.0
    """Nats against taking back what was said: few sentences do."""
    correction_cost_in_noise: float = 5.0
    """As ``correction_cost``, where noise is loud enough to be turned down: it sounds like a correction."""
    wildcard_cost: float = 0.5
    """Nats against each token of a wildcard, which could otherwise always be had for a little less."""

    @property
    def in_noise(self) -> SearchSettings:
        """The same, as loud noise asks for."""
        return replace(self, width=self.width_in_noise, correction_cost=self.correction_cost_in_noise)


class Step(NamedTuple):
    """One token of a hypothesis."""

    token: int
    score: float
    """Natural logarithm of its probability; 0 for punctuation."""
    best: float
    """That of the likeliest token in its place; 0 for punctuation."""
    inner: float
    """What its score would be without sound; 0 for punctuation and in a wildcard."""
    letters: int
    """Of the words with a meaning; 0 for what has none."""
    empty: bool
    """Whether it belongs to words without a meaning."""


class Trail(NamedTuple):
    """The tokens of a hypothesis, the last first."""

    step: Step
    before: Trail | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A complete sentence of the grammar."""

    steps: tuple[Step, ...]
    end: float
    """Log-probability that the text ends or goes on to a mark there."""
    end_best: float
    """That of the likeliest token there."""
    rank: float
    """Its log-likelihood with the bonus."""

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens."""
        return tuple(step.token for step in self.steps)

    @property
    def log_likelihood(self) -> float:
        """Without the bonus; marks are free."""
        return sum(step.score for step in self.steps) + self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Generic[PastT]):
    """A search after some of its tokens: where a search of more of the same sound may begin."""

    tokens: int
    """Of every hypothesis, and of the free decode."""
    live: tuple[Live, ...]
    past: PastT
    """Row 0 is the free decode, the others are the hypotheses in their order."""
    free: Trail
    ended: float
    """Rank of the best sentence that was complete before."""

    @property
    def best_rank(self) -> float:
        """Of the hypotheses."""
        return max(live.rank for live in self.live)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[PastT]):
    """What a search gives."""

    paths: tuple[Path, ...]
    """Complete sentences, the best first."""
    free: tuple[Step, ...]
    """The likeliest tokens without any grammar."""
    free_end: float
    """Log-probability of the end after them."""
    free_complete: bool
    """Whether they came to an end, rather than to a limit."""
    rounds: int
    """Decoder calls after the first."""
    drafts: tuple[Draft[PastT], ...] = ()
    """As it stood after each token on which the free decode agreed with an earlier one."""


@dataclass(slots=True)
class Live:
    """A hypothesis that goes on."""

    row: int
    rank: float
    context: Context
    trail: Trail | None
    spot: Spot
    marked: bool
    letters: str


class _Choice(NamedTuple):
    rank: float
    parent: Live
    token: int
    score: float
    inner: float
    gain: float
    mark: bool


class Search(Generic[EncodedT, PastT]):
    """One utterance being searched; used once."""

    def __init__(
        self,
        decoder: SpeechDecoder[EncodedT, PastT],
        encoded: EncodedT,
        walk: GrammarWalk,
        marks: TokenMarks,
        inner: InnerLanguage[EncodedT, PastT],
        settings: SearchSettings,
        cancellation: Cancellation,
        draft: Draft[PastT] | None = None,
        heard_before: tuple[int, ...] = (),
    ) -> None:
        self._decoder = decoder
        self._walk = walk
        self._marks = marks
        self._inner = inner
        self._settings = settings
        self._cancellation = cancellation
        self._cancellation.check()
        logits, self._past = decoder.begin(encoded)
        self._rows = log_probabilities(logits[np.newaxis])
        self._live = [Live(0, 0.0, (), None, walk.begin(), False, "")]
        self._free: Trail | None = None
        self._free_row = 0
        self._free_end: float | None = None
        self._free_complete = True
        self._paths: list[Path] = []
        self._best_rank = -np.inf
        self._rounds = 0
        self._tokens = 0
        self._heard_before = heard_before
        self._agrees = bool(heard_before)
        self._drafts: list[Draft[PastT]] = []
        if draft is not None:
            self._resume(draft)

    def _resume(self, draft: Draft[PastT]) -> None:
        """Go on with the hypotheses of a shorter cut of the same sound; nothing that ended in it is left."""
        self._live = [replace(live, row=row) for row, live in enumerate(draft.live, start=1)]
        self._free, self._tokens = draft.free, draft.tokens
        last = [draft.free.step.token, *(live.context[-1] for live in draft.live)]
        self._feed(self._past.after(draft.past, draft.tokens), last)

    def run(self) -> Found[PastT]:
        """Search to the end."""
        longest = self._settings.longest
        while self._tokens < longest:
            kept = self._kept(self._choices())
            rows, tokens = self._go_on(kept)
            if not rows:
                break
            self._cancellation.check()
            self._rounds += 1
            self._tokens += 1
            self._feed(self._past.take(rows), tokens)
        return Found(
            paths=tuple(sorted(self._paths, key=lambda path: -path.rank)),
            free=_steps(self._free),
            free_end=self._free_end or 0.0,
            free_complete=self._free_end is not None and self._free_complete,
            rounds=self._rounds,
            drafts=tuple(self._drafts),
        )

    def _feed(self, past: PastT, tokens: list[int]) -> None:
        """Let the decoder read one token in each row."""
        logits, self._past = self._decoder.extend(past, np.array(tokens, np.int64)[:, np.newaxis])
        self._rows = log_probabilities(logits[:, 0])
        if self._agrees and self._free is not None and self._free_end is None and self._live:
            draft = Draft(
                tokens=self._tokens,
                live=tuple(self._live),
                past=self._past,
                free=self._free,
                ended=self._best_rank,
            )
            self._drafts.append(draft)

    def _choices(self) -> list[_Choice]:
        """Every way in which the hypotheses may go on, and those that may end noted as paths."""
        inner = self._inner.estimates([(live.context, live.spot.ids) for live in self._live])
        choices: list[_Choice] = []
        for live, (estimates, end) in zip(self._live, inner, strict=True):
            row = self._rows[live.row]
            if live.spot.complete:
                self._note(live, row, end)
            choices.extend(self._words(live, row, estimates))
            if live.spot.boundary and not live.marked and live.trail is not None:
                scores = row[self._marks.punctuation]
                likeliest = int(scores.argmax())
                if scores[likeliest] > _LIKELY_MARK_NATS:
                    token = int(self._marks.punctuation[likeliest])
                    choices.append(_Choice(live.rank + _MARK_HANDICAP, live, token, 0.0, 0.0, 0.0, True))
        return choices

    def _words(self, live: Live, row: Floats, estimates: Floats) -> Iterator[_Choice]:
        """The best tokens that the grammar allows."""
        width, ids = self._settings.width, live.spot.ids
        scores = row[ids]
        gains = scores - self._settings.search_language * estimates
        if ids.size > width:
            best = np.argpartition(gains, -width)[-width:]
            ids, scores, gains, estimates = ids[best], scores[best], gains[best], estimates[best]
        for token, score, gain, estimate in zip(
            ids.tolist(), scores.tolist(), gains.tolist(), estimates.tolist(), strict=True
        ):
            bonus = self._settings.search_bonus * len(self._marks.letters(token))
            yield _Choice(live.rank + gain + bonus, live, token, score, estimate, gain + bonus, False)
        if live.spot.any_token:
            known = set(ids.tolist()) | set(self._marks.stops.tolist())
            likeliest = np.argpartition(row, -_WILDCARD_CHOICES)[-_WILDCARD_CHOICES:]
            for token in likeliest.tolist():
                if token not in known:
                    score = float(row[token])
                    gain = score - self._settings.wildcard_cost
                    yield _Choice(live.rank + gain, live, token, score, 0.0, gain, False)

    def _note(self, live: Live, row: Floats, inner_end: float) -> None:
        end = float(row[self._marks.stops].max())
        steps = _steps(live.trail)
        rank = (
            sum(step.score for step in steps)
            - self._settings.filler_cost * sum(step.empty for step in steps)
            + end
            - self._settings.language * (sum(step.inner for step in steps) + inner_end)
            + self._settings.bonus * sum(step.letters for step in steps)
            - self._settings.correction_cost * live.spot.corrections
        )
        self._best_rank = max(self._best_rank, live.rank + end)
        self._paths.append(Path(steps=steps, end=end, end_best=float(row.max()), rank=rank))

    def _kept(self, choices: list[_Choice]) -> list[Live]:
        """The best choices as hypotheses; of those that are alike only the best."""
        choices.sort(key=lambda choice: -choice.rank)
        kept: list[Live] = []
        seen: set[tuple[str, tuple[Place, ...]]] = set()
        for choice in choices:
            if len(kept) == self._settings.width or self._hopeless(choice, choices[0]):
                break
            live = self._after(choice)
            alike = (live.letters, live.spot.places)
            if live.spot.boundary and alike in seen:
                continue
            seen.add(alike)
            kept.append(live)
        return kept

    def _hopeless(self, choice: _Choice, best: _Choice) -> bool:
        behind = choice.rank < best.rank - self._settings.behind
        return behind or choice.rank + self._settings.ahead < self._best_rank

    def _after(self, choice: _Choice) -> Live:
        parent, token = choice.parent, choice.token
        context = (*parent.context, token)[-CONTEXT_TOKENS:]
        if choice.mark:
            trail = Trail(Step(token, 0.0, 0.0, 0.0, 0, False), parent.trail)
            return Live(parent.row, parent.rank, context, trail, parent.spot, True, parent.letters)
        spot = self._walk.advance(parent.spot, token, begins_word=self._marks.begins_word(token))
        letters = "" if spot.empty else self._marks.letters(token)
        inner = 0.0 if spot.empty else choice.inner
        taken_back = spot.corrections - parent.spot.corrections
        step = Step(token, choice.score, float(self._rows[parent.row].max()), inner, len(letters), spot.empty)
        return Live(
            row=parent.row,
            # what means nothing earns nothing: it has to be heard as such
            rank=parent.rank
            + (choice.score - self._settings.filler_cost if spot.empty else choice.gain)
            - self._settings.correction_cost * taken_back,
            context=context,
            trail=Trail(step, parent.trail),
            spot=spot,
            marked=False,
            letters=parent.letters + self._marks.letters(token),
        )

    def _free_is_looping(self) -> bool:
        return loop_length([step.token for step in _steps(self._free)]) > 0

    def _go_on(self, kept: list[Live]) -> tuple[list[int], list[int]]:
        """Rows to take and the token that each is fed: the free decode first, then the hypotheses."""
        rows: list[int] = []
        tokens: list[int] = []
        if self._free_end is None:
            row = self._rows[self._free_row]
            token = int(row.argmax())
            score = float(row[token])
            if token == self._marks.end:
                self._free_end = score
            elif self._free_is_looping():
                self._free_end = score
                self._free_complete = False
            else:
                self._free = Trail(Step(token, score, score, 0.0, 0, False), self._free)
                self._agrees = self._agrees and self._heard_before[self._tokens :][:1] == (token,)
                rows.append(self._free_row)
                tokens.append(token)
                self._free_row = 0
        for live in kept:
            rows.append(live.row)
            tokens.append(live.context[-1])
            live.row = len(rows) - 1
        self._live = kept
        return rows, tokens


def _steps(trail: Trail | None) -> tuple[Step, ...]:
    steps: list[Step] = []
    while trail is not None:
        steps.append(trail.step)
        trail = trail.before
    return tuple(reversed(steps))
