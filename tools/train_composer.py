"""``python -m tools.train_composer`` writes the composer's weights, and says what they are worth.

The figures come from leaving one article out, as `tools.bench answers` has them; the weights that are written
have seen all articles.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import nearfield_cloud.composing
from nearfield_cloud.composing.judgement import written
from nearfield_models.engines import load_embedding
from tools.bench.answers_data import read_questions
from tools.bench.recordings import default_data
from tools.composer_training import EMBEDDING, RememberedVectors, examples, held_out, held_out_shares, train


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, report, write; 1 where there is nothing to train on."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_composer", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=default_data() / "qa" / "squad2_part.json", metavar="FILE"
    )
    weights = Path(nearfield_cloud.composing.__path__[0]) / "judgement.json"
    parser.add_argument("--out", type=Path, default=weights, metavar="FILE")
    parsed = parser.parse_args(arguments)
    if not parsed.data.is_file():
        print(f"there is no {parsed.data}: name the questions with --data", file=sys.stderr)
        return 1
    engine = load_embedding(EMBEDDING)
    shown = list(examples(read_questions(parsed.data), engine, RememberedVectors(engine)))
    answered, wrongly = held_out_shares(shown, held_out(shown))
    print(f"{len(shown)} questions, one article left out at a time:")
    print(f"  answerable, and the right sentence chosen and given: {answered:.1%}")
    print(f"  without an answer, and yet given one: {wrongly:.1%}")
    judgement = train(shown)
    parsed.out.write_text(written(judgement), encoding="utf-8")
    print(f"{parsed.out}: {len(judgement.choice.names)} numbers, threshold {judgement.threshold:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
