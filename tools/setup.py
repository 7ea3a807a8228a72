"""Prepare this checkout: virtual environment, pinned packages, Debian packages, the page, model packs.

Runs on the machine's own Python with nothing but the standard library. A second run finds the stamp of
the first and takes a second. ``--lock`` resolves the pins in ``constraints/`` anew.
"""

from __future__ import annotations

import argparse
import ctypes.util
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import page_build

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints" / "py311.txt"
STAMP = VENV / ".setup-stamp"
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class DebianPackage:
    """A package that pip cannot bring, and how to see that it is there."""

    name: str
    purpose: str
    present: Callable[[], bool]


DEBIAN_PACKAGES = (
    DebianPackage(
        "python3-venv",
        "makes the virtual environment",
        lambda: importlib.util.find_spec("ensurepip") is not None,
    ),
    DebianPackage(
        "libportaudio2", "microphone and speaker", lambda: ctypes.util.find_library("portaudio") is not None
    ),
    DebianPackage("mosquitto", "MQTT broker for the tests", lambda: _program("mosquitto")),
    DebianPackage("iproute2", "network namespaces for the tests", lambda: _program("ip")),
)
TEST_PACKAGES = (
    DebianPackage("chromium", "browser for the tests of the page", lambda: _program("chromium")),
    DebianPackage("redis-server", "shared limits in the tests", lambda: _program("redis-server")),
    DebianPackage("prometheus", "metrics and alert rules in the tests", lambda: _program("promtool")),
    DebianPackage("coturn", "relay for calls in the tests", lambda: _program("turnserver")),
)


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def _program(name: str) -> bool:
    """Whether a program is installed; daemons live in sbin, which is not on every user's PATH."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
    return shutil.which(name, path=path) is not None


def main() -> int:
    """Do what is missing; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.setup", description=__doc__.splitlines()[0])
    parser.add_argument("--lock", action="store_true", help="resolve the pins in constraints/ anew")
    parser.add_argument("--tests", action="store_true", help="also install what only the tests need")
    arguments = parser.parse_args()
    try:
        _check_python()
        if arguments.lock:
            _lock()
            return 0
        _install_debian_packages((*DEBIAN_PACKAGES, *TEST_PACKAGES) if arguments.tests else DEBIAN_PACKAGES)
        _install_python_packages()
        _build_page()
        _run(
            [VENV_PYTHON, "-m", "nearfield_models.cli", "fetch", "--quiet"],
            "fetching the default model packs",
        )
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def _check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        oldest, this = ".".join(map(str, OLDEST_PYTHON)), sys.version.split()[0]
        raise SetupError(f"Python {oldest} or newer is needed, this is {this}: run make PYTHON=python3.11")


def _install_debian_packages(wanted: Sequence[DebianPackage]) -> None:
    missing = [package for package in wanted if not package.present()]
    if not missing:
        return
    names = [package.name for package in missing]
    listing = ", ".join(f"{package.name} ({package.purpose})" for package in missing)
    if shutil.which("apt-get") is None:
        raise SetupError(f"this machine lacks {listing} and has no apt-get: install them by its own means")
    as_root: list[str] = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise SetupError(
                f"this machine lacks {listing}: as root, run `apt-get install {' '.join(names)}`"
            )
        as_root = ["sudo"]
    _say(f"installing Debian packages: {listing}")
    apt_get = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    _run([*apt_get, "update"], "apt-get update", quiet=True)
    install = [*apt_get, "-y", "--no-install-recommends", "install", *names]
    _run(install, f"apt-get install {' '.join(names)}", quiet=True)


def _install_python_packages() -> None:
    wanted = _digest(ROOT / "pyproject.toml", CONSTRAINTS, Path(__file__))
    if STAMP.is_file() and STAMP.read_text() == wanted and VENV_PYTHON.exists():
        return
    if not VENV_PYTHON.exists():
        _say("making .venv")
        shutil.rmtree(VENV, ignore_errors=True)
        _run([sys.executable, "-m", "venv", VENV], "python -m venv")
    _say("installing packages at the pins of constraints/ (about a minute)")
    _pip("install", "--use-pep517", "--constraint", CONSTRAINTS, "--editable", f"{ROOT}[dev]")
    STAMP.write_text(wanted)


def _build_page() -> None:
    try:
        if page_build.build():
            _say("the page was built")
    except page_build.PageBuildError as error:
        raise SetupError(str(error)) from error


def _lock() -> None:
    """Install without pins into a fresh environment and write down what came: names and versions only."""
    scratch = ROOT / "build" / "lock"
    shutil.rmtree(scratch, ignore_errors=True)
    _run([sys.executable, "-m", "venv", scratch], "python -m venv")
    python = scratch / "bin" / "python"
    _run([python, "-m", "pip", "install", "--quiet", f"{ROOT}[dev]"], "pip install")
    frozen = subprocess.run(
        [python, "-m", "pip", "freeze", "--exclude", "nearfield"], check=True, capture_output=True, text=True
    ).stdout
    pins = [line for line in frozen.splitlines() if "==" in line]
    CONSTRAINTS.write_text("# Written by `make lock`: names and versions only.\n" + "\n".join(pins) + "\n")
    shutil.rmtree(scratch)
    _say(f"{len(pins)} pins written to {CONSTRAINTS.relative_to(ROOT)}")


def _say(what: str) -> None:
    print(f"setup: {what}", flush=True)


def _pip(*arguments: str | Path) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    _run([VENV_PYTHON, "-m", "pip", *arguments, *quiet], f"pip {arguments[0]}")


def _run(command: Sequence[str | Path], purpose: str, *, quiet: bool = False) -> None:
    """Run a program; what a quiet one printed is shown only if it fails."""
    output = subprocess.PIPE if quiet else None
    words = [str(part) for part in command]
    result = subprocess.run(words, cwd=ROOT, check=False, stdout=output, stderr=output, text=True)
    if result.returncode:
        sys.stderr.write((result.stdout or "") + (result.stderr or ""))
        raise SetupError(f"{purpose} failed with status {result.returncode}; its own message stands above")


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
