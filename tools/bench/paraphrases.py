"""The paraphrase classifier as a device trains it, and how much of other talk it takes for a skill's.

Taught by the templates and examples of the shipped skills that need nothing of a site (coffee, rooms) and by
the general talk that comes with Nearfield. What it is asked about are the sentences of CLINC150's validation
part, which are for other assistants, as the first thing said: intents that need a conversation are not
possible. Some are right to take all the same ("cancel my reservation"), so the shares are bounds from above;
``most_taken`` in the JSON file says which of CLINC150's intents they are.

With ``--transcripts`` (written by ``tools.bench phonetic --transcripts FILE``) it also tells what a device
makes of the orders among them that are no sentence (`paraphrased_orders`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from nearfield_models.engines import load_embedding
from nearfield_models.grammar import compile_grammar
from nearfield_models.intents import ParaphraseClassifier, learn, possible_intents, teaching_of
from tools.bench.paraphrased_orders import SKILLS, play, shipped_examples
from tools.bench.phonetic import sentences_of
from tools.bench.recordings import default_data
from tools.bench.report import Report

_PROBABILITIES: Final = (0.3, 0.4, 0.5, 0.7, 0.9)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--data", type=Path, default=default_data() / "nlu" / "clinc150_train_val.json", metavar="FILE"
    )
    parser.add_argument("--transcripts", type=Path, metavar="FILE", help="orders as text, by recording")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every N-th sentence only")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of sampling and training")


def run(arguments: argparse.Namespace) -> Report:
    """Train and listen to strangers."""
    title = f"other talk taken for {' or '.join(SKILLS)}"
    if not arguments.data.is_file():
        reason = f"all of it: there is no {arguments.data}, name the file with --data"
        return Report(name="paraphrases", title=title, figures={}, skipped=(reason,))
    document = json.loads(arguments.data.read_text("utf-8"))
    strangers = [*document["val"], *document["oos_val"]][:: arguments.every]
    sources = [sentences_of(skill) for skill in SKILLS]
    grammar = compile_grammar(sources)
    engine = load_embedding()
    engine.warm_up()
    started = time.perf_counter()
    teaching = teaching_of(grammar, shipped_examples(sources), seed=arguments.seed)
    sampled = time.perf_counter()
    learned = learn(teaching, engine, seed=arguments.seed)
    trained = time.perf_counter()
    classifier = ParaphraseClassifier(engine, learned)
    guesses = classifier.likeliest([text for text, _ in strangers], possible=possible_intents(grammar, {}))
    sure = [guess.probability for guess in guesses]
    taken = Counter(
        label for one, (_, label) in zip(sure, strangers, strict=True) if one >= learned.threshold
    )
    figures: dict[str, Any] = {
        "sentences_taught": len(teaching.examples),
        "general_talk": len(teaching.out_of_scope),
        "sampling_seconds": sampled - started,
        "training_seconds": trained - sampled,
        "threshold": learned.threshold,
        "temperature": learned.temperature,
        "strangers": len(strangers),
        "taken": {f"at_{least:g}": sum(one >= least for one in sure) / len(sure) for least in _PROBABILITIES},
        "most_taken": taken.most_common(12),
        "seed": arguments.seed,
    }
    if arguments.transcripts is not None:
        figures["orders"] = _orders(arguments.transcripts)
    return Report(name="paraphrases", title=title, figures=figures)


def _orders(transcripts: Path) -> dict[str, dict[str, int]]:
    labels = json.loads((default_data() / "orders" / "labels.json").read_text("utf-8"))
    texts = json.loads(transcripts.read_text("utf-8"))
    return play({name: text for name, text in texts.items() if name in labels}, labels)
