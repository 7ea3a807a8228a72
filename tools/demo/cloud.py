"""The demonstration's cloud: the real service in a process of its own, until it is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final

HANDBOOK: Final = Path(__file__).with_name("handbook.md")
_START_SECONDS: Final = 60.0
_SERVING: Final = "serving "


class DemoCloud:
    """``nearfield-cloud serve`` on a free port of this machine."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._log = log
        self._identity = folder / "identity"
        self._environment = {**os.environ, "NEARFIELD_CLOUD_HOME": str(folder)}
        self._server: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> DemoCloud:
        await self._command("ingest", str(HANDBOOK))
        self._identity.mkdir(parents=True)
        await self._command("devices", "certify", "demo", "--out", str(self._identity))
        with self._log.open("wb") as log:
            self._server = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "nearfield_cloud.cli", "serve", "--port", "0"),
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def section(self) -> dict[str, str]:
        """The device's ``[cloud]`` section, once the service answers.

        Raises:
            RuntimeError: It does not.
        """
        async with asyncio.timeout(_START_SECONDS):
            while (url := self._url()) is None:
                if self._server is None or self._server.returncode is not None:
                    raise RuntimeError(f"the cloud did not start: see {self._log}")
                await asyncio.sleep(0.1)
        return {
            "url": url,
            "key_file": str(self._identity / "demo.key"),
            "certificate_file": str(self._identity / "demo.pem"),
        }

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._server is not None and self._server.returncode is None:
            self._server.kill()
            await self._server.wait()

    def _url(self) -> str | None:
        lines = self._log.read_text("utf-8", "replace").splitlines()
        return next((line.removeprefix(_SERVING) for line in lines if line.startswith(_SERVING)), None)

    async def _command(self, *words: str) -> None:
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "nearfield_cloud.cli", *words),
            env=self._environment,
            stdout=subprocess.DEVNULL,
        )
        if await command.wait():
            raise RuntimeError(f"nearfield-cloud {words[0]} failed with status {command.returncode}")
