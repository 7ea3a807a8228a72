"""Where the real recordings are that benchmarks measure on."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def default_data() -> Path:
    """The folder used unless ``--data`` names another: ``NEARFIELD_DATA``, or ``../shared/data``."""
    return Path(os.environ.get("NEARFIELD_DATA", ROOT.parent / "shared" / "data"))
