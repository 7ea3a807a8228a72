"""What redaction finds, and what it takes for personal that is not.

Sentences are built from templates and seeded values, beside hand-written ordinary ones that hold nothing
personal (`redaction_sentences.toml`, `redaction_pools.toml`). The rules were written with the development
half at hand; the figures are those of the test half, whose templates and values are others. Who looks at what
went wrong in the test half moves it into the development half and writes another.

* ``recall``: of what is personal, the share that is masked, every character of it, as the right kind.
* ``masked_share``: the same, whatever kind it was taken for: what really stays on the device.
* ``precision``: of all masks, the share that lies on something of its kind and takes at most a word more.
* ``exact``: of all masks, the share whose bounds are right to the letter.
* ``ordinary_masks``: masks in sentences with nothing personal in them.
* ``*_masks_per_1000``: masks in 1,000 sentences of real people that were asked for other things. Many of them
  do name somebody; ``--show N`` prints that many to look at.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_sync.redaction.redactor import Redactor
from nearfield_sync.redaction.spans import Redacted
from tools.bench.recordings import default_data
from tools.bench.redaction_values import Values
from tools.bench.report import Report, Target

SENTENCES: Final = Path(__file__).with_name("redaction_sentences.toml")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_:]+)\}")
_DRAWS: Final = 6
"""Sentences from each template."""
TARGETS: Final = (
    Target(name="precision", figure="precision", at="least", value=0.90),
    Target(name="recall", figure="recall", at="least", value=0.95),
    Target(name="sentences", figure="sentences", at="least", value=300),
    Target(name="time", figure="processor_ms.p95", at="most", value=2, unit="ms"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A sentence and what is personal in it."""

    text: str
    spans: tuple[tuple[str, int, int], ...]
    """Kind, first character, and the one after the last."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the values")
    parser.add_argument("--development", action="store_true", help="score the development half")
    parser.add_argument("--errors", action="store_true", help="print every sentence that went wrong")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N masked real sentences")
    parser.add_argument("--data", type=Path, default=default_data(), metavar="DIR")


def run(arguments: argparse.Namespace) -> Report:
    """Redact and score."""
    half = "development" if arguments.development else "test"
    redactor = Redactor()
    labelled = tuple(build(half, arguments.seed))
    redacted = [redactor.redact(one.text) for one in labelled]
    figures = score(labelled, redacted)
    if arguments.errors:
        print_errors(labelled, redacted)
    figures["processor_ms"] = speed(redactor, [one.text for one in labelled])
    skipped = []
    for name, sentences in (("clinc", _clinc(arguments.data)), ("snips", _snips(arguments.data))):
        if sentences:
            figures[f"{name}_masks_per_1000"] = _masks_per_1000(redactor, sentences, arguments.show)
        else:
            skipped.append(f"{name}: not in {arguments.data}")
    return Report(
        name="redaction",
        title=f"personal data in spoken sentences, {half} half",
        figures=figures,
        targets=TARGETS,
        skipped=skipped,
        packages=("phonenumbers", "python-stdnum", "mimesis"),
    )


def build(half: str, seed: int) -> Iterator[Labelled]:
    """All sentences of one half.

    Args:
        half: ``development`` or ``test``.
        seed: Of the values.
    """
    document = tomllib.loads(SENTENCES.read_text("utf-8"))[half]
    values = Values(half, seed)
    for template in document["templates"]:
        for _ in range(_DRAWS):
            yield filled(template, values)
    for text in document["ordinary"]:
        yield Labelled(text=text, spans=())


def filled(template: str, values: Values) -> Labelled:
    """A template with values in its placeholders."""
    text, end, spans = "", 0, []
    for match in _PLACEHOLDER.finditer(template):
        text += template[end : match.start()]
        kind, value = values.value(match[1])
        spans.append((kind, len(text), len(text) + len(value)))
        text += value
        end = match.end()
    return Labelled(text=text + template[end:], spans=tuple(spans))


def score(labelled: Sequence[Labelled], redacted: Sequence[Redacted]) -> dict[str, Any]:
    """Recall and precision, of all and of each kind."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    ordinary_masks = 0
    for one, result in zip(labelled, redacted, strict=True):
        for kind, start, end in one.spans:
            covering = [span for span in result.spans if span.start <= start and end <= span.end]
            counts[kind]["there"] += 1
            counts[kind]["masked"] += bool(covering)
            counts[kind]["found"] += any(span.kind == kind for span in covering)
        for span in result.spans:
            counts[span.kind]["masks"] += 1
            counts[span.kind]["right"] += is_right(one, span.kind, span.start, span.end)
            counts[span.kind]["exact"] += (span.kind, span.start, span.end) in one.spans
        ordinary_masks += 0 if one.spans else len(result.spans)
    total = {key: sum(kind[key] for kind in counts.values()) for key in ("there", "masked", "found", "masks")}
    right = sum(kind["right"] for kind in counts.values())
    return {
        "sentences": len(labelled),
        "ordinary_sentences": sum(not one.spans for one in labelled),
        "personal": total["there"],
        "recall": _share(total["found"], total["there"]),
        "masked_share": _share(total["masked"], total["there"]),
        "precision": _share(right, total["masks"]),
        "exact": _share(sum(kind["exact"] for kind in counts.values()), total["masks"]),
        "ordinary_masks": ordinary_masks,
        "kinds": {
            kind: {
                "there": count["there"],
                "recall": _share(count["found"], count["there"]),
                "precision": _share(count["right"], count["masks"]),
            }
            for kind, count in sorted(counts.items())
        },
    }


def is_right(one: Labelled, kind: str, start: int, end: int) -> bool:
    """Whether a mask lies on something of its kind and takes at most one word more."""
    for labelled_kind, first, last in one.spans:
        if labelled_kind == kind and start < last and first < end:
            more = one.text[start : max(start, first)] + " " + one.text[min(end, last) : end]
            return len(more.split()) <= 1
    return False


def print_errors(labelled: Sequence[Labelled], redacted: Sequence[Redacted]) -> None:
    """Print what was missed and what was masked wrongly."""
    for one, result in zip(labelled, redacted, strict=True):
        found = {(span.kind, span.start, span.end) for span in result.spans}
        if found != set(one.spans):
            wanted = ", ".join(f"{kind}: {one.text[start:end]}" for kind, start, end in one.spans)
            print(f"{one.text}\n    {result.text}\n    wanted {wanted or 'nothing'}")


def speed(redactor: Redactor, texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds of processor for a sentence."""
    taken = []
    for text in texts:
        started = time.thread_time()
        redactor.redact(text)
        taken.append(time.thread_time() - started)
    return {"p50": float(np.percentile(taken, 50)) * 1e3, "p95": float(np.percentile(taken, 95)) * 1e3}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _masks_per_1000(redactor: Redactor, sentences: Sequence[str], show: int) -> dict[str, float]:
    counts: dict[str, int] = defaultdict(int)
    masked = []
    for text in sentences:
        result = redactor.redact(text)
        for kind, count in result.counts.items():
            counts[kind] += count
        if result.spans:
            masked.append(f"{text}\n    {result.text}")
    for line in masked[:: max(1, len(masked) // show)][:show] if show else ():
        print(line)
    per = {kind: round(1000 * count / len(sentences), 2) for kind, count in sorted(counts.items())}
    return {"all": round(1000 * sum(counts.values()) / len(sentences), 2), **per}


def _clinc(data: Path) -> list[str]:
    file = data / "nlu" / "clinc150_train_val.json"
    if not file.is_file():
        return []
    document = json.loads(file.read_text("utf-8"))
    return [text for part in ("train", "val", "oos_train", "oos_val") for text, _ in document[part]]


def _snips(data: Path) -> list[str]:
    sentences = []
    for file in sorted((data / "nlu" / "snips").glob("*.json")):
        for intent in json.loads(file.read_text("utf-8", errors="replace")).values():
            sentences += ["".join(part["text"] for part in example["data"]).strip() for example in intent]
    return sentences
