"""The device while nobody speaks to it: processor and memory of the whole process.

``nearfield run`` listens to raw sound on standard input, fed in real time: first a wake word and a real order
(so that everything is loaded and has worked), then quiet noise. Once the device has learned paraphrases,
which a new one does beside its work, and has settled, the process's processor time is read for
``--seconds``. Memory is the resident set at the end; what of it is mapped from files, the system can take
back when it is short of memory. The noise is the kitchen recording at a tenth of its level, silence where
there is none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil
import soundfile

from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples, to_bytes
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

_CHUNK_SECONDS = 0.02
_SETTLE_SECONDS = 15.0
_LEARNING_SECONDS = 300.0
"""No device takes longer to learn."""
_LEARNING_IS_OVER = frozenset({"paraphrases_learned", "paraphrases_missing"})
_QUIET = 0.1

TARGETS = (
    Target(name="idle processor", figure="cpu_percent_of_one_core", at="most", value=5.0, unit="%"),
    Target(name="resident memory", figure="resident_mb", at="most", value=450.0, unit="MB"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of recordings")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to watch (default: 30)")


def run(arguments: argparse.Namespace) -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="nearfield-bench-") as folder:
        configuration = Path(folder) / "nearfield.toml"
        configuration.write_text(
            f'[device]\ndata = "{folder}/data"\n[audio]\nsource = "stdin"\nsink = "none"\n'
            '[page]\nport = 0\n[log]\nstyle = "json"\n',
            encoding="utf-8",
        )
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "nearfield_edge.cli", "run", "--config", str(configuration)]
        with (
            log.open("wb") as written,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=written
            ) as device,
        ):
            try:
                figures = _watch(device, log, arguments.data, arguments.seconds)
            finally:
                device.terminate()
        figures["turns"] = _turns(configuration)
    return Report(name="idle", title="listening while nobody speaks to it", figures=figures, targets=TARGETS)


def learning_is_over(log: Iterable[str]) -> bool:
    """Whether the lines of a device's log tell that it has learned paraphrases, or cannot."""
    whole = (line for line in log if line.startswith("{") and line.endswith("}"))
    return any(json.loads(line).get("event") in _LEARNING_IS_OVER for line in whole)


def _watch(device: subprocess.Popen[bytes], log: Path, data: Path, seconds: float) -> dict[str, object]:
    noise = _noise(data)
    _feed(device, _request(data))
    _feed_until_learned(device, log, noise)
    _feed(device, _stretch(noise, _SETTLE_SECONDS))
    process = psutil.Process(device.pid)
    before, began = process.cpu_times(), time.perf_counter()
    _feed(device, _stretch(noise, seconds))
    after, watched = process.cpu_times(), time.perf_counter() - began
    used = (after.user + after.system) - (before.user + before.system)
    memory = process.memory_info()
    return {
        "seconds": round(watched, 1),
        "cpu_percent_of_one_core": round(100 * used / watched, 2),
        "resident_mb": round(memory.rss / 1e6, 1),
        "of_which_mapped_files_mb": round(memory.shared / 1e6, 1),
    }


def _feed_until_learned(device: subprocess.Popen[bytes], log: Path, noise: Samples) -> None:
    began = time.perf_counter()
    while not learning_is_over(log.read_text("utf-8").splitlines()):
        if time.perf_counter() - began > _LEARNING_SECONDS:
            raise RuntimeError(f"the device has not learned paraphrases in {_LEARNING_SECONDS:.0f} s")
        _feed(device, _stretch(noise, 1.0))


def _request(data: Path) -> Samples:
    """A wake word and an order, or silence where there are no recordings."""
    wake = sorted((data / "wake" / "alexa").glob("*.flac"))
    orders = sorted((data / "orders" / "speech").glob("*.flac"))
    if not wake or not orders:
        return np.zeros(SAMPLE_RATE_HZ, dtype=np.float32)
    pause = np.zeros(SAMPLE_RATE_HZ // 2, dtype=np.float32)
    return np.concatenate([_read(wake[0]), pause, _read(orders[0])])


def _noise(data: Path) -> Samples:
    path = data / "noise" / "kitchen.flac"
    return _QUIET * _read(path) if path.is_file() else np.zeros(SAMPLE_RATE_HZ, dtype=np.float32)


def _read(path: Path) -> Samples:
    return np.asarray(soundfile.read(path, dtype="float32")[0], dtype=np.float32)


def _stretch(sound: Samples, seconds: float) -> Samples:
    return np.resize(sound, int(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def _feed(device: subprocess.Popen[bytes], sound: Samples) -> None:
    """Write the sound at the pace of real time."""
    if device.stdin is None:
        raise RuntimeError("the device was started without standard input")
    pcm, size = to_bytes(sound), int(_CHUNK_SECONDS * SAMPLE_RATE_HZ) * 2
    began = time.perf_counter()
    for number, start in enumerate(range(0, len(pcm), size)):
        device.stdin.write(pcm[start : start + size])
        device.stdin.flush()
        time.sleep(max(0.0, began + (number + 1) * _CHUNK_SECONDS - time.perf_counter()))


def _turns(configuration: Path) -> int:
    """How many turns the device has answered meanwhile."""
    shown = subprocess.run(
        [sys.executable, "-m", "nearfield_edge.cli", "turns", "--json", "--config", str(configuration)],
        check=True,
        capture_output=True,
    )
    return sum(record["outcome"] == "answered" for record in json.loads(shown.stdout))
