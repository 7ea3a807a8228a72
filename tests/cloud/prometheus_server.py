"""A real Prometheus for a test: on loopback, on a free port, over the rules that are shipped."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

MONITORING = Path(__file__).parents[2] / "cloud" / "deploy" / "monitoring"
PATIENCE_SECONDS = 90


class PrometheusServer:
    """One that runs."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self._client = client

    async def get(self, path: str, **parameters: str) -> Any:
        """What the API answers, as far as it is ``data``."""
        answer = await self._client.get(f"{self.url}/api/v1/{path}", params=parameters)
        document = answer.json()
        assert document["status"] == "success", f"{parameters}: {document.get('error')}"
        return document["data"]

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples that an expression gives now."""
        found: list[dict[str, Any]] = (await self.get("query", query=expression))["result"]
        return found

    async def until(self, expression: str) -> None:
        """Wait until an expression gives something, for no longer than a minute or so."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if await self.query(expression):
                    return
                await asyncio.sleep(0.2)


@asynccontextmanager
async def running_prometheus(folder: Path, targets: Mapping[str, str]) -> AsyncIterator[PrometheusServer]:
    """Scrape each job's target and work out the shipped rules every second; skips without a Prometheus."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("no prometheus on this machine: apt-get install prometheus")
    jobs = [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()]
    written = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(MONITORING / "recording.yml"), str(MONITORING / "alerts.yml")],
        "scrape_configs": jobs,
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(written))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    process = _started(program, folder, port)
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            server = PrometheusServer(f"http://127.0.0.1:{port}", client)
            await _until_ready(server, client)
            yield server
    finally:
        process.terminate()
        process.wait(20)


def _started(program: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    arguments = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        return subprocess.Popen(arguments, stdout=log, stderr=log)


async def _until_ready(server: PrometheusServer, client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                if (await client.get(f"{server.url}/-/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
