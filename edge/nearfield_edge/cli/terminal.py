"""What the person before the terminal, and whoever sends signals, can do to a running device."""

from __future__ import annotations

import asyncio
import signal
import sys

from nearfield_edge.controls import Controls


class Operator:
    """Turns signals and keys into what they stand for."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._stopped = asyncio.Event()

    def listen_to_signals(self) -> asyncio.Event:
        """Give the event that is set when the device shall end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopped.set)
        loop.add_signal_handler(signal.SIGUSR1, self._toggle_mute)
        loop.add_signal_handler(signal.SIGUSR2, self._controls.talk)
        return self._stopped

    def listen_to_keys(self) -> None:
        """Take lines from the terminal."""
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._line)

    def _toggle_mute(self) -> None:
        self._controls.mute(not self._controls.muted)

    def _line(self) -> None:
        line = sys.stdin.readline()
        match line.strip():
            case "" if not line:
                asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            case "":
                self._controls.talk()
            case "m":
                self._toggle_mute()
            case "q":
                self._stopped.set()
            case text:
                self._controls.give_text(text)
