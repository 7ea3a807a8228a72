"""What devices learn from the shipped skills, kept between benchmarks: it is the same every time."""

from __future__ import annotations

from pathlib import Path

from tools.bench.recordings import ROOT


def share_what_is_learned(data: Path, name: str) -> None:
    """Let a device use what earlier ones of the same configuration have learned, and add to it.

    Args:
        data: Its folder of data, still without models.
        name: Of the configuration; another one learns other sentences.
    """
    kept = ROOT / "out" / "bench" / "learned" / name
    kept.mkdir(parents=True, exist_ok=True)
    data.mkdir(parents=True, exist_ok=True)
    (data / "models").symlink_to(kept, target_is_directory=True)
