"""Which trials a question about orders takes: the jobs for sweeps, values left out and other speech."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from tools.bench.order_sounds import Labels
from tools.bench.order_trials import Job, coffee_templates

SNRS_DB: Final = (24.0, 21.0, 18.0, 15.0, 12.0, 9.0, 6.0, 0.0)
"""Of a sweep, beside the recordings as they are."""
CLOSED_LISTS: Final = ("coffeeDrink", "size", "roast", "numberOfShots")
"""Slots whose every value is left out in turn: a customer who names another is not understood at all."""
LEFT_OUT_SNRS_DB: Final = (None, 12.0)

_ORDERS_A_JOB: Final = 53
_OTHERS_A_JOB: Final = 40
_SOUND_FILES: Final = (".flac", ".wav")

_T = TypeVar("_T")


def order_jobs(
    names: Sequence[str], snrs_db: Sequence[float | None], draws: int, like: Job | None = None
) -> list[Job]:
    """The orders under each condition; in noise as often as there are draws, each with a seed of its own.

    Args:
        names: Of the orders.
        snrs_db: None for the recordings as they are.
        draws: How often each is mixed with noise.
        like: What all jobs have in common; its seed is the first draw's.
    """
    like = like or Job(kind="order", names=())
    return [
        replace(like, kind="order", names=chunk, snr_db=snr_db, seed=like.seed + draw)
        for snr_db in snrs_db
        for draw in range(1 if snr_db is None else draws)
        for chunk in _chunks(names, _ORDERS_A_JOB)
    ]


def left_out_jobs(
    labels: Labels,
    *,
    most: int | None,
    seed: int,
    threads: int = 2,
    snrs_db: Sequence[float | None] = LEFT_OUT_SNRS_DB,
) -> list[Job]:
    """For every value of the closed lists the orders that name it, with a grammar that does not know it.

    Args:
        labels: Of the orders.
        most: Orders for each value, drawn by the seed; None takes all.
        seed: Of that and of the places in the noise.
        threads: Of one inference.
        snrs_db: None for the recordings as they are.
    """
    jobs = []
    for slot, value in closed_values():
        naming = [name for name, label in labels.items() if label["slots"].get(slot) == value]
        chosen = tuple(sorted(_sample(naming, most, f"{seed} {slot} {value}")))
        jobs += [
            Job(
                kind="left_out",
                names=chosen,
                snr_db=snr_db,
                seed=seed,
                left_out=(slot, value),
                threads=threads,
            )
            for snr_db in snrs_db
            if chosen
        ]
    return jobs


def closed_values() -> Iterator[tuple[str, str]]:
    """Slot and value, for every value of the closed lists."""
    lists: Mapping[str, Any] = coffee_templates()["lists"]
    for slot in CLOSED_LISTS:
        for entry in lists[slot]["values"]:
            yield slot, entry["out"]


def other_speech_jobs(
    data: Path,
    *,
    recordings: int | None,
    sentences: int,
    seed: int,
    threads: int = 2,
    snr_db: float | None = None,
) -> list[Job]:
    """What is no order: wake phrases, free speech, and sentences of CLINC150's validation part spoken.

    Args:
        data: The recordings.
        recordings: Of each wake phrase, drawn by the seed; None takes all. ``speech/`` is played whole.
        sentences: How many to have spoken, drawn by the seed.
        seed: Of both, and of the places in the noise.
        threads: Of one inference.
        snr_db: None for the recordings as they are.
    """
    like = Job(kind="recording", names=(), snr_db=snr_db, seed=0 if snr_db is None else seed, threads=threads)
    names: list[str] = []
    for folder in [*sorted((data / "wake").glob("*")), data / "speech"]:
        found = sorted(
            str(file.relative_to(data)) for file in folder.glob("*") if file.suffix in _SOUND_FILES
        )
        most = None if folder.name == "speech" else recordings
        names += sorted(_sample(found, most, f"{seed} {folder.name}"))
    jobs = [replace(like, names=chunk) for chunk in _chunks(names, _OTHERS_A_JOB)]
    file = data / "nlu" / "clinc150_train_val.json"
    if file.is_file():
        parts = json.loads(file.read_text(encoding="utf-8"))
        texts = sorted({text for part in ("val", "oos_val") for text, _ in parts[part]})
        spoken = _sample(texts, sentences, f"{seed} clinc")
        jobs += [replace(like, kind="sentence", names=chunk) for chunk in _chunks(spoken, _OTHERS_A_JOB)]
    return jobs


def _sample(names: Sequence[str], most: int | None, seed: str) -> list[str]:
    """The first of one fixed shuffle, so that a larger sample holds the smaller."""
    shuffled = list(names)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a sample, not a secret
    return shuffled[:most]


def _chunks(names: Sequence[_T], size: int) -> Iterator[tuple[_T, ...]]:
    for at in range(0, len(names), size):
        yield tuple(names[at : at + size])
