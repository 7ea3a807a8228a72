"""The seam of sound hardware, and PortAudio behind it.

Contract for implementers: a stream is opened stopped, is started once with the function that its own thread
calls for each block, and is over after ``close``. A stream whose device goes away is no longer ``alive``.
Device lists may be stale while any stream is open; ``look_again`` refreshes them when none is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from nearfield_edge.errors import EdgeError, SinkError, SourceError

Block = NDArray[Any]
"""``[n, channels]``: int16 where sound comes in, float32 where it goes out."""

_MOST_CHANNELS: Final = 2
"""More than these two say nothing that speech needs."""


class CardStream(Protocol):
    """One direction of one device."""

    @property
    def rate_hz(self) -> int:
        """Rate at which it runs."""
        ...

    @property
    def channels(self) -> int:
        """Columns of its blocks."""
        ...

    @property
    def faults(self) -> int:
        """Overruns or underruns that the hardware has reported."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        ...

    def start(self, each_block: Callable[[Block], None]) -> None:
        """Run, and call the function with each block: to read it, or to fill it.

        Raises:
            SourceError: A microphone does not start; it is closed then.
            SinkError: A speaker does not start; likewise.
        """
        ...

    def finish(self) -> None:
        """Wait until what was filled has been heard; for a speaker, and not on the event loop."""
        ...

    def close(self) -> None:
        """Stop at once and let go of the device; a second time does nothing."""
        ...


class SoundCard(Protocol):
    """Opens the machine's microphones and speakers."""

    def open_input(self, device: str | None) -> CardStream:
        """Open a microphone; None is the default one.

        Raises:
            SourceError: There is none, or it cannot be opened.
        """
        ...

    def open_output(self, device: str | None) -> CardStream:
        """Open a speaker; None is the default one.

        Raises:
            SinkError: There is none, or it cannot be opened.
        """
        ...

    def look_again(self) -> None:
        """Notice devices that came or went; does nothing while a stream is open."""
        ...


class PortAudioCard:
    """PortAudio through ``sounddevice``. Not tried on real hardware: see docs/testing-on-hardware.md."""

    def __init__(self) -> None:
        """Load PortAudio.

        Raises:
            SourceError: It is not installed.
        """
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise SourceError(
                "sound devices need PortAudio: install the package libportaudio2 and the extra with "
                "`pip install 'nearfield[audio]'`"
            ) from error
        self._library = sounddevice
        self._open: set[_PortAudioStream] = set()
        # Streams are opened in worker threads, and starting PortAudio anew must not meet one half opened.
        self._lock = threading.Lock()

    def open_input(self, device: str | None) -> CardStream:
        """Open a microphone at its own rate.

        Raises:
            SourceError: There is none, or it cannot be opened.
        """
        return self._opened(device, "input", "microphone", SourceError)

    def open_output(self, device: str | None) -> CardStream:
        """Open a speaker at its own rate.

        Raises:
            SinkError: There is none, or it cannot be opened.
        """
        return self._opened(device, "output", "speaker", SinkError)

    def look_again(self) -> None:
        """Start PortAudio anew, which is its only way to notice devices."""
        with self._lock:
            if not self._open:
                self._library._terminate()
                self._library._initialize()

    def _opened(self, device: str | None, kind: str, name: str, fault: type[EdgeError]) -> CardStream:
        which = f"{name} {device!r}" if device else f"default {name}"
        with self._lock:
            try:
                found = self._library.query_devices(device, kind)
                stream = _PortAudioStream(self._library, device, kind, found)
            except (self._library.PortAudioError, ValueError) as error:
                raise fault(
                    f"the {which} cannot be opened: {error}; see `nearfield doctor` for what there is"
                ) from error
            stream.fault = lambda reason: fault(f"the {which} cannot be started: {reason}")
            stream.on_close = self._open.discard
            self._open.add(stream)
        return stream


class _PortAudioStream:
    def __init__(self, library: Any, device: str | None, kind: str, found: dict[str, Any]) -> None:
        self.rate_hz = int(found["default_samplerate"])
        self.channels = min(int(found[f"max_{kind}_channels"]), _MOST_CHANNELS)
        self.faults = 0
        self.fault: Callable[[object], EdgeError] = EdgeError
        self.on_close: Callable[[_PortAudioStream], None] = lambda _: None
        self._each_block: Callable[[Block], None] = lambda _: None
        self._library = library
        opening = library.InputStream if kind == "input" else library.OutputStream
        self._stream = opening(
            device=device,
            samplerate=self.rate_hz,
            channels=self.channels,
            dtype="int16" if kind == "input" else "float32",
            latency="low",
            callback=self._called,
        )

    @property
    def alive(self) -> bool:
        return bool(self._stream.active)

    def start(self, each_block: Callable[[Block], None]) -> None:
        self._each_block = each_block
        try:
            self._stream.start()
        except self._library.PortAudioError as error:
            self.close()
            raise self.fault(error) from error

    def finish(self) -> None:
        self._stream.stop(ignore_errors=True)

    def close(self) -> None:
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)
        self.on_close(self)

    def _called(self, block: Block, frames: int, time: object, status: Any) -> None:
        del frames, time
        if status:
            self.faults += 1
        self._each_block(np.asarray(block))
