"""``nearfield run`` as a process: it hears, answers, tells its service manager, and ends when asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models.pcm import SAMPLE_RATE_HZ, to_bytes

WAIT_SECONDS = 60.0

pytestmark = pytest.mark.models


def configured(folder: Path) -> Path:
    path = folder / "nearfield.toml"
    path.write_text(
        f'[device]\ndata = "{folder / "data"}"\n[turn]\nfollow_up_ms = 300\n'
        '[audio]\nsource = "stdin"\nsink = "none"\n[log]\nstyle = "json"\n'
    )
    return path


def command(configuration: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "nearfield_edge.cli", *words, "--config", str(configuration)]


def turns(configuration: Path) -> list[dict[str, object]]:
    shown = subprocess.run(
        command(configuration, "turns", "--json"), check=True, capture_output=True, timeout=WAIT_SECONDS
    )
    records: list[dict[str, object]] = json.loads(shown.stdout)
    return records


@contextmanager
def running(configuration: Path, notify: Path) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A device that listens, and the socket on which it tells how it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(notify))
        manager.settimeout(WAIT_SECONDS)
        environment = {**os.environ, "NOTIFY_SOCKET": str(notify)}
        with subprocess.Popen(
            command(configuration, "run"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
        ) as device:
            try:
                assert manager.recv(100) == b"READY=1"
                yield device, manager
            finally:
                device.kill()


@pytest.mark.recordings
def test_a_wake_word_and_an_order_on_standard_input_are_answered_and_the_stream_s_end_ends_the_device(
    tmp_path: Path, recordings: Path
) -> None:
    configuration = configured(tmp_path)
    wake = sorted((recordings / "wake" / "alexa").glob("*.flac"))[0]
    order = sorted((recordings / "orders" / "speech").glob("*.flac"))[0]
    parts = [soundfile.read(path, dtype="float32")[0] for path in (wake, order)]
    pcm = to_bytes(np.concatenate([*parts, np.zeros(SAMPLE_RATE_HZ, dtype=np.float32)]))
    ended = subprocess.run(
        command(configuration, "run"), input=pcm, capture_output=True, timeout=WAIT_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    (answered,) = [record for record in turns(configuration) if record["outcome"] == "answered"]
    assert answered["opened_by"] == "wake"
    assert answered["understanding"]["intent"] == "orderDrink"  # type: ignore[index]
    said = answered["transcript"]
    assert isinstance(said, str)
    assert said.encode() not in ended.stderr


def test_a_device_that_is_asked_to_end_says_so_and_ends_well(tmp_path: Path) -> None:
    configuration = configured(tmp_path)
    with running(configuration, tmp_path / "notify") as (device, manager):
        device.send_signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert device.wait(WAIT_SECONDS) == 0


def test_a_second_device_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    configuration = configured(tmp_path)
    with running(configuration, tmp_path / "notify"):
        second = subprocess.run(
            command(configuration, "run"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
    assert second.returncode == 1
    assert b"another device already runs" in second.stderr


def test_the_mute_signal_closes_the_microphone_and_opens_it_again(tmp_path: Path) -> None:
    configuration = configured(tmp_path)
    with running(configuration, tmp_path / "notify") as (device, _):
        assert device.stderr is not None
        seen = []
        for _ in range(2):
            device.send_signal(signal.SIGUSR1)
            line = next(line for line in device.stderr if b"mute_changed" in line)
            seen.append(json.loads(line)["muted"])
        assert seen == [True, False]
