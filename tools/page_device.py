"""A real device with its page, and what a browser's microphone hears: for tests and pictures."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import soundfile

from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.resampling import resample
from tools.free_port import free_port

START_SECONDS: Final = 90
STOP_SECONDS: Final = 20
_BROWSER_HZ: Final = 48_000
_PAUSE_SECONDS: Final = 0.1
_LOUD: Final = 0.2
"""Of the loudest sample: less is no speech."""
_MARGIN_SECONDS: Final = 0.25


class DeviceStartError(Exception):
    """The device did not start; the message holds its log."""


class PageDevice:
    """``nearfield run`` whose only microphone and loudspeaker are a page's; started and stopped at will."""

    def __init__(self, folder: Path, more: str = "") -> None:
        """Prepare it in an empty folder.

        Args:
            folder: For its configuration and data.
            more: Lines at the end of its configuration.
        """
        self.port = free_port()
        self._data = folder / "data"
        self._configuration = folder / "nearfield.toml"
        self._configuration.write_text(
            f'[device]\nid = "counter"\ndata = "{self._data}"\n'
            f'[page]\nport = {self.port}\n[audio]\nsource = "page"\nsink = "page"\n'
            f'[log]\nstyle = "json"\n[records]\nsound = true\n{more}',
            encoding="utf-8",
        )
        self._process: subprocess.Popen[str] | None = None
        self.log: list[str] = []

    def start(self) -> None:
        """Start, and wait until its page can be opened.

        Raises:
            DeviceStartError: It ended instead.
        """
        command = [sys.executable, "-m", "nearfield_edge.cli", "run", "--config", str(self._configuration)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        ready = threading.Event()
        threading.Thread(target=self._follow_log, args=(self._process, ready), daemon=True).start()
        if not ready.wait(START_SECONDS) or self._process.poll() is not None:
            self.stop()
            raise DeviceStartError("the device did not start: " + "".join(self.log))

    def stop(self) -> None:
        """End it, as its service manager would."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def token(self) -> str:
        """What its page asks for."""
        return (self._data / "keys" / "page.token").read_text("ascii").strip()

    def url(self, path: str = "/") -> str:
        """Where its page is, without the token."""
        return f"http://127.0.0.1:{self.port}{path}"

    def link(self, path: str = "/") -> str:
        """As `url`, signed in."""
        return f"{self.url(path)}#token={self.token}"

    def _follow_log(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        with process:
            for line in process.stderr or ():
                self.log.append(line)
                if line.startswith("{") and json.loads(line).get("event") == "page_ready":
                    ready.set()
        ready.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def write_microphone(path: Path, recordings: Sequence[Path], *, silence_seconds: float) -> None:
    """Write what a browser's microphone shall hear: silence, then one recording after the other.

    Args:
        path: A WAV file, for Chromium's ``--use-file-for-fake-audio-capture``.
        recordings: At 16 kHz, mono; such as the wake word and an order.
        silence_seconds: Before the first of them.
    """
    parts = [np.zeros(int(silence_seconds * SAMPLE_RATE_HZ), np.float32)]
    for recording in recordings:
        sound, _ = soundfile.read(recording, dtype="float32")
        parts += [_speech(sound), np.zeros(int(_PAUSE_SECONDS * SAMPLE_RATE_HZ), np.float32)]
    soundfile.write(path, resample(np.concatenate(parts), SAMPLE_RATE_HZ, _BROWSER_HZ), _BROWSER_HZ)


def _speech(sound: Samples) -> Samples:
    """A recording without the silence around what is said in it."""
    loud = np.flatnonzero(np.abs(sound) > _LOUD * np.abs(sound).max())
    margin = int(_MARGIN_SECONDS * SAMPLE_RATE_HZ)
    return sound[max(loud[0] - margin, 0) : loud[-1] + margin]


def chromium_flags(microphone: Path | None) -> list[str]:
    """Flags of a Chromium whose microphone hears a file once, and which asks nobody."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    return flags
