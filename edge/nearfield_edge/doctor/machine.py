"""The machine: processor, memory, board, accelerators, limits, clock.

Facts are read below a root folder, so that a test can show the doctor another machine.
"""

from __future__ import annotations

import platform
import re
import resource
import shutil
from pathlib import Path
from typing import Final

from nearfield_edge.doctor.findings import Finding
from nearfield_sync.clock import Clock, is_plausible

SYSTEM: Final = Path("/")
_MIB: Final = 1024 * 1024
_LEAST_MEMORY_MIB: Final = 700
"""The running agent takes up to 450 MB; the rest is for the system."""
_LEAST_DISK_MIB: Final = 64
_ENOUGH_DISK_MIB: Final = 512
_ENOUGH_OPEN_FILES: Final = 1024


def processor(root: Path = SYSTEM) -> Finding:
    """Model and cores."""
    text = _read(root / "proc/cpuinfo")
    names = re.findall(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    cores = len(re.findall(r"^processor\s*:", text, re.MULTILINE))
    found = f"{names[0] if names else platform.machine()}, {cores or 'unknown number of'} cores"
    if cores == 1:
        return Finding(
            name="processor",
            status="warn",
            found=found,
            mend="answers take longer on one core: two or more are expected",
        )
    return Finding(name="processor", status="ok", found=found)


def memory(root: Path = SYSTEM) -> Finding:
    """Memory that programs may still take."""
    text = _read(root / "proc/meminfo")
    sizes = {name: int(kib) // 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    if "MemAvailable" not in sizes:
        return Finding(
            name="memory",
            status="warn",
            found="/proc/meminfo tells nothing",
            mend="look at free memory by hand",
        )
    found = f"{sizes['MemAvailable']} MiB available of {sizes.get('MemTotal', 0)} MiB"
    if sizes["MemAvailable"] < _LEAST_MEMORY_MIB:
        return Finding(
            name="memory",
            status="warn",
            found=found,
            mend=f"the device takes up to 450 MiB: have {_LEAST_MEMORY_MIB} MiB available before it starts",
        )
    return Finding(name="memory", status="ok", found=found)


def board(root: Path = SYSTEM) -> Finding:
    """What kind of machine it is, as the firmware says."""
    for place in ("proc/device-tree/model", "sys/devices/virtual/dmi/id/product_name"):
        if model := _read(root / place).strip("\0\n "):
            return Finding(name="board", status="ok", found=f"{model}, {platform.machine()}")
    return Finding(name="board", status="ok", found=f"not named by its firmware, {platform.machine()}")


def accelerators(root: Path = SYSTEM) -> Finding:
    """Devices that could carry models; the runtimes say below whether they can use them."""
    nodes = {
        "NPU": sorted((root / "dev/accel").glob("accel*")) if (root / "dev/accel").is_dir() else [],
        "GPU": sorted((root / "dev/dri").glob("renderD*")) if (root / "dev/dri").is_dir() else [],
        "NVIDIA": [path for path in (root / "dev/nvidia0", root / "dev/nvhost-gpu") if path.exists()],
    }
    found = [f"{kind} ({', '.join(path.name for path in paths)})" for kind, paths in nodes.items() if paths]
    return Finding(
        name="accelerators", status="ok", found=", ".join(found) or "none: models run on the processor"
    )


def disk(data: Path) -> list[Finding]:
    """Whether the data folder can be written and has room."""
    folder = data
    while not folder.exists():
        folder = folder.parent
    try:
        free_mib = shutil.disk_usage(folder).free // _MIB
        _try_writing(folder)
    except OSError as error:
        return [
            Finding(
                name="data folder",
                status="fail",
                found=f"{data} cannot be written ({error.strerror})",
                mend="free some space and let the device's user write there, or name another in device.data",
            )
        ]
    found = f"{data}, {free_mib} MiB free"
    if free_mib < _ENOUGH_DISK_MIB:
        return [
            Finding(
                name="data folder",
                status="fail" if free_mib < _LEAST_DISK_MIB else "warn",
                found=found,
                mend="free some space, or keep less: records.keep_days, records.sound_keep_megabytes",
            )
        ]
    return [Finding(name="data folder", status="ok", found=found)]


def limits() -> list[Finding]:
    """What the system allows this user's programs."""
    open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    enough = open_files == resource.RLIM_INFINITY or open_files >= _ENOUGH_OPEN_FILES
    locked = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return [
        Finding(
            name="open files",
            status="ok" if enough else "warn",
            found=_limit(open_files),
            mend="" if enough else f"raise the limit to {_ENOUGH_OPEN_FILES}: LimitNOFILE= or ulimit -n",
        ),
        Finding(name="locked memory", status="ok", found=_limit(locked, " bytes") + "; none is needed"),
    ]


def wall_clock(clock: Clock) -> Finding:
    """Whether the clock can be right."""
    now = clock.utc_now()
    if is_plausible(now):
        return Finding(name="clock", status="ok", found=f"{now:%Y-%m-%d %H:%M} UTC")
    return Finding(
        name="clock",
        status="warn",
        found=f"{now:%Y-%m-%d %H:%M} UTC, which cannot be",
        mend="set it (timedatectl set-time, or a time server): until then nothing kept is erased by age",
    )


def _try_writing(folder: Path) -> None:
    probe = folder / ".nearfield-doctor"
    try:
        probe.write_bytes(b"can be written")
    finally:
        probe.unlink(missing_ok=True)


def _limit(value: int, unit: str = "") -> str:
    return "no limit" if value == resource.RLIM_INFINITY else f"{value}{unit}"


def _read(path: Path) -> str:
    """The file's text; empty where this machine has no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
