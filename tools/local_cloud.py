"""The real cloud in a process of its own on this machine, for demonstrations and benchmarks.

Its documents are taken in and a device's certificate is made before it is started. It can be killed and
started again at the same address, as after a power cut.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from tools.free_port import free_port

_START_SECONDS: Final = 90.0
_SERVING: Final = "serving "


class LocalCloud:
    """``nearfield-cloud serve`` on loopback; used as an asynchronous context, which ends it."""

    def __init__(
        self, folder: Path, *, documents: Sequence[Path], device: str, configuration: str = ""
    ) -> None:
        """Choose.

        Args:
            folder: Its data; made if absent.
            documents: Files or folders that it takes in.
            device: The id of the device that gets a certificate.
            configuration: TOML; defaults where empty.
        """
        self._folder = folder
        self._documents = documents
        self._device = device
        self._configuration = configuration
        self._environment = {**os.environ, "NEARFIELD_CLOUD_HOME": str(folder)}
        self._server: asyncio.subprocess.Process | None = None
        self._port = free_port()

    @property
    def log(self) -> Path:
        """What it writes."""
        return self._folder / "cloud.log"

    async def __aenter__(self) -> LocalCloud:
        identity = self._folder / "identity"
        identity.mkdir(parents=True)
        if self._configuration:
            file = self._folder / "cloud.toml"
            file.write_text(self._configuration, encoding="utf-8")
            self._environment["NEARFIELD_CLOUD_CONFIG"] = str(file)
        for document in self._documents:
            await self._command("ingest", str(document))
        await self._command("devices", "certify", self._device, "--out", str(identity))
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    def section(self) -> dict[str, str]:
        """The device's ``[cloud]`` section."""
        identity = self._folder / "identity"
        return {
            "url": f"http://127.0.0.1:{self._port}",
            "key_file": str(identity / f"{self._device}.key"),
            "certificate_file": str(identity / f"{self._device}.pem"),
        }

    async def start(self) -> None:
        """Start it, and return once it answers.

        Raises:
            RuntimeError: It does not.
        """
        with self.log.open("wb") as log:
            self._server = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "nearfield_cloud.cli", "serve", "--port", str(self._port)),
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        async with asyncio.timeout(_START_SECONDS):
            while not await self._answers():
                if self._server.returncode is not None:
                    raise RuntimeError(f"the cloud did not start: see {self.log}")
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._server is not None and self._server.returncode is None:
            self._server.kill()
            await self._server.wait()

    async def _answers(self) -> bool:
        if _SERVING not in self.log.read_text("utf-8", "replace"):
            return False
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True

    async def _command(self, *words: str) -> None:
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "nearfield_cloud.cli", *words),
            env=self._environment,
            stdout=subprocess.DEVNULL,
        )
        if await command.wait():
            raise RuntimeError(f"nearfield-cloud {words[0]} failed with status {command.returncode}")
