"""What the service manager is told, in systemd's notify protocol, and when.

Source: sd_notify(3), sd_watchdog_enabled(3).
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping

from nearfield_sync.clock import Clock


class ServiceNotifier:
    """Tells the service manager how the device is; does nothing where none asked."""

    def __init__(self, address: str | None, *, watchdog_ms: float | None = None) -> None:
        """Take what the service manager gave.

        Args:
            address: Of its datagram socket: a path, or ``@`` and an abstract name.
            watchdog_ms: Silence after which it restarts the device, None for never.
        """
        self._address = address
        self.watchdog_ms = watchdog_ms

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServiceNotifier:
        """Read ``NOTIFY_SOCKET``, and ``WATCHDOG_USEC`` where it is meant for this process."""
        watchdog_us = environment.get("WATCHDOG_USEC", "")
        meant_for = environment.get("WATCHDOG_PID", str(os.getpid()))
        watched = watchdog_us.isdecimal() and int(watchdog_us) > 0 and meant_for == str(os.getpid())
        return cls(
            environment.get("NOTIFY_SOCKET") or None,
            watchdog_ms=int(watchdog_us) / 1000 if watched else None,
        )

    def ready(self) -> None:
        """The device listens."""
        self._send("READY=1")

    def alive(self) -> None:
        """The device is well; without this in time it is restarted."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The device was asked to end and does."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``; nothing that a person said."""
        self._send("STATUS=" + " ".join(text.split()))

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            # A manager that cannot take the word in time notices by its own watchdog; the voice goes on.
            sender.setblocking(False)
            try:
                sender.sendto(message.encode(), address)
            except OSError:
                return


class Pulse:
    """Whether sound still arrives: a device that hears nothing new is dead, however busy it looks.

    Muted and unplugged microphones deliver silence, so they keep the pulse.
    """

    def __init__(self, clock: Clock, *, longest_gap_ms: float = 5_000.0) -> None:
        self._clock = clock
        self._longest_gap_ms = longest_gap_ms
        self._last_ms = clock.monotonic_ms()

    def beat(self) -> None:
        """A frame of sound has arrived."""
        self._last_ms = self._clock.monotonic_ms()

    @property
    def is_alive(self) -> bool:
        """Whether the last frame is recent."""
        return self._clock.monotonic_ms() - self._last_ms <= self._longest_gap_ms


async def keep_alive(
    notifier: ServiceNotifier, pulse: Pulse, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Reassure the service manager while this loop runs and sound arrives; runs until cancelled.

    It shares the event loop with the device's work, so a blocked loop is as silent as a dead one.

    Args:
        notifier: Where to; without a watchdog there is nothing to do and the call returns.
        pulse: Whether sound arrives.
        sleep: How to wait, in seconds.
    """
    if notifier.watchdog_ms is None:
        return
    while True:
        if pulse.is_alive:
            notifier.alive()
        await sleep(notifier.watchdog_ms / 1000 / 3)
