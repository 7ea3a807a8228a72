"""Fixtures shared by all tests: where the recordings and the model packs are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings; skips where it is absent."""
    folder = Path(os.environ.get("NEARFIELD_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "orders" / "labels.json").is_file():
        pytest.skip(f"no recordings in {folder}: set NEARFIELD_DATA to the data folder")
    return folder
