"""Jobs run in several processes, their trials kept on disk: a sweep that is interrupted goes on where it was.

What is kept goes by the job and by a digest of everything its outcome depends on: the code that hears and
understands, the model packs, the skill's sentences, the recordings' labels. A change of any of them is
another file; what nobody reads any more may be deleted. The calibration is not among them: trials hold
evidence.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import nearfield_models
from nearfield_models.store import ModelStore
from tools.bench.order_trials import ASR, COFFEE, VAD, VOICE, Job, Trial, play
from tools.bench.recordings import ROOT

CACHE: Final = ROOT / "out" / "bench" / "trials"

_MODELS: Final = Path(nearfield_models.__file__).parent
_BENCH: Final = Path(__file__).parent
_CODE: Final = (
    *(_MODELS / folder for folder in ("asr", "decoding", "grammar", "runtime", "vad")),
    _MODELS / "resampling.py",
    _MODELS / "segmentation.py",
    *(_BENCH / name for name in ("mixing.py", "order_sounds.py", "order_trials.py", "speech_end.py")),
)


def digest_of_everything(data: Path) -> str:
    """Of all that a trial's outcome depends on but its job."""
    found = hashlib.sha256()
    for file in (*_python_files(_CODE), COFFEE, data / "orders" / "labels.json"):
        found.update(file.name.encode())
        found.update(file.read_bytes() if file.is_file() else b"")
    store = ModelStore.default()
    for pack in (ASR, VAD, VOICE):
        found.update(store.installed(pack).digest.encode())
    return found.hexdigest()[:16]


class TrialStore:
    """Plays jobs, or reads what an earlier run of the same kept."""

    def __init__(
        self,
        data: Path,
        folder: Path,
        *,
        digest: str,
        processes: int = 1,
        player: Callable[[Job, Path], tuple[Trial, ...]] = play,
    ) -> None:
        """Take where things are.

        Args:
            data: The recordings.
            folder: Where trials are kept.
            digest: Of what their outcome depends on.
            processes: Jobs that are played at a time; with more than one the times in them mean little.
            player: Plays one job; must be importable by name where there are several processes.
        """
        self._data = data
        self._folder = folder
        self._digest = digest
        self._processes = processes
        self._player = player

    def trials(self, jobs: Sequence[Job], *, title: str) -> list[Trial]:
        """All trials of the jobs, in their order, with a progress bar while some are to be played."""
        missing = [job for job in jobs if not self._file(job).is_file()]
        if missing:
            self._play(missing, title)
        return [trial for job in jobs for trial in self._kept(job)]

    def _play(self, jobs: Sequence[Job], title: str) -> None:
        columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(title, total=len(jobs))
            for job, trials in self._played(jobs):
                self._keep(job, trials)
                progress.advance(task)

    def _played(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, tuple[Trial, ...]]]:
        if self._processes == 1:
            for job in jobs:
                yield job, self._player(job, self._data)
            return
        context = multiprocessing.get_context("spawn")  # a runtime's threads do not survive a fork
        with ProcessPoolExecutor(self._processes, mp_context=context) as pool:
            waiting: dict[Future[tuple[Trial, ...]], Job] = {
                pool.submit(self._player, job, self._data): job for job in jobs
            }
            for done in as_completed(waiting):
                yield waiting[done], done.result()

    def _file(self, job: Job) -> Path:
        described = json.dumps([self._digest, asdict(job)])
        name = hashlib.sha256(described.encode()).hexdigest()[:24]
        return self._folder / f"{name}.json"

    def _keep(self, job: Job, trials: Sequence[Trial]) -> None:
        file = self._file(job)
        file.parent.mkdir(parents=True, exist_ok=True)
        document = {"job": asdict(job), "trials": [trial.document() for trial in trials]}
        unfinished = file.with_suffix(".part")
        unfinished.write_text(json.dumps(document), encoding="utf-8")
        unfinished.replace(file)

    def _kept(self, job: Job) -> Iterator[Trial]:
        document = json.loads(self._file(job).read_text(encoding="utf-8"))
        return (Trial.read(trial) for trial in document["trials"])


def _python_files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        yield from sorted(place.rglob("*.py")) if place.is_dir() else (place,)
