"""Fixtures shared by all tests: where the recordings and the model packs are."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command sets up the logs of its process; the next test has its own standard error."""
    handlers = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings; skips where it is absent."""
    folder = Path(os.environ.get("NEARFIELD_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "orders" / "labels.json").is_file():
        pytest.skip(f"no recordings in {folder}: set NEARFIELD_DATA to the data folder")
    return folder
