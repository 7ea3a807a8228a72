"""Trained weights on disk, so that a start does not train again.

One file a device, ``paraphrases.weights``: the sha256 of what follows, and then NumPy's archive of arrays,
without pickle, with what they were trained from as another digest. Other sentences, another model or another
way of training make another one, and then it is trained anew; so it is where the file is damaged, and the
reason is told.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from nearfield_models.embedding.engine import EmbeddingEngine
from nearfield_models.errors import TrainedWeightsError
from nearfield_models.intents.classifier import Learned, learn
from nearfield_models.intents.features import WORD_PLACES
from nearfield_models.intents.regression import Regression
from nearfield_models.intents.teaching import Teaching
from nearfield_models.placing import make_folder, storage_faults, write_whole

FILE_NAME: Final = "paraphrases.weights"
_WAY_OF_TRAINING: Final = 2
"""Raised whenever the same sentences would be learned otherwise."""
_LARGEST_BYTES: Final = 64 * 1024 * 1024
_DIGEST_BYTES: Final = 32
_FAULTS: Final = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
"""What reading an archive raises that holds something else than is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a start found or made."""

    learned: Learned
    origin: Literal["kept", "trained"]
    reason: str
    """Why it was trained; empty where it was kept."""


def load_or_train(folder: Path, teaching: Teaching, engine: EmbeddingEngine, *, seed: int = 0) -> Loaded:
    """Take the kept weights if they are of these sentences and this model; train and keep them otherwise.

    Arguments and errors as `train_and_keep`.
    """
    learned, reason = find_kept(folder, teaching, engine, seed=seed)
    if learned is not None:
        return Loaded(learned=learned, origin="kept", reason="")
    learned = train_and_keep(folder, teaching, engine, seed=seed)
    return Loaded(learned=learned, origin="trained", reason=reason)


def find_kept(
    folder: Path, teaching: Teaching, engine: EmbeddingEngine, *, seed: int = 0
) -> tuple[Learned | None, str]:
    """Give the kept weights, or None and why there are none of these sentences and this model."""
    path = folder / FILE_NAME
    if not path.exists():
        return None, "nothing was kept"
    try:
        learned = read_learned(path, teaching_digest(teaching, engine.capabilities.model_id, seed))
    except TrainedWeightsError as error:
        return None, str(error)
    return learned, "" if learned is not None else "the sentences, the model or the way of training changed"


def is_kept(folder: Path) -> bool:
    """Whether weights of any sentences are kept, and are as they were written.

    Raises:
        TrainedWeightsError: They are damaged.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return False
    read_learned(path, digest="")
    return True


def train_and_keep(folder: Path, teaching: Teaching, engine: EmbeddingEngine, *, seed: int = 0) -> Learned:
    """Train, and keep the weights for the next start.

    Args:
        folder: Of the device's own data; made where there is none.
        teaching: What is to be known.
        engine: The embedding model.
        seed: Of the training.

    Raises:
        TeachingError: There are too few sentences of a kind.
        EngineError: The embedding model failed.
        StorageError: The weights cannot be written.
    """
    learned = learn(teaching, engine, seed=seed)
    digest = teaching_digest(teaching, engine.capabilities.model_id, seed)
    with storage_faults(folder):
        make_folder(folder)
        write_whole(folder / FILE_NAME, _packed(learned, digest))
    return learned


def teaching_digest(teaching: Teaching, model_id: str, seed: int) -> str:
    """What training depends on, as a sha256 in hexadecimal."""
    examples = [astuple(example) for example in teaching.examples]
    content = [_WAY_OF_TRAINING, model_id, seed, examples, teaching.out_of_scope]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def read_learned(path: Path, digest: str) -> Learned | None:
    """Read kept weights; None where they were trained from something else.

    Raises:
        TrainedWeightsError: The file is not what was written.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError(f"it is larger than {_LARGEST_BYTES} bytes")
        content = path.read_bytes()
        if hashlib.sha256(content[_DIGEST_BYTES:]).digest() != content[:_DIGEST_BYTES]:
            raise ValueError("its bytes are not those that were written")
        with np.load(io.BytesIO(content[_DIGEST_BYTES:]), allow_pickle=False) as kept:
            about = json.loads(bytes(kept["about"]))
            if about["digest"] != digest:
                return None
            regression = Regression(centre=kept["centre"], weights=kept["weights"], biases=kept["biases"])
        learned = Learned(
            intents=tuple((str(skill), str(intent)) for skill, intent in about["intents"]),
            regression=regression,
            temperature=float(about["temperature"]),
            threshold=float(about["threshold"]),
        )
        _require_shapes(learned)
    except _FAULTS as error:
        raise TrainedWeightsError(
            f"the paraphrase weights in {path} are damaged and have to be trained again ({error})"
        ) from error
    return learned


def _require_shapes(learned: Learned) -> None:
    regression, classes = learned.regression, len(learned.intents) + 1
    width = regression.centre.size
    shapes = (regression.centre.shape, regression.weights.shape, regression.biases.shape)
    if shapes != ((width,), (width, classes), (classes,)) or width <= WORD_PLACES:
        raise ValueError(f"arrays of {shapes} for {classes} classes")


def _packed(learned: Learned, digest: str) -> bytes:
    about: dict[str, Any] = {
        "digest": digest,
        "intents": learned.intents,
        "temperature": learned.temperature,
        "threshold": learned.threshold,
    }
    regression = learned.regression
    buffer = io.BytesIO()
    np.savez(
        buffer,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        centre=regression.centre,
        weights=regression.weights,
        biases=regression.biases,
    )
    return hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue()
