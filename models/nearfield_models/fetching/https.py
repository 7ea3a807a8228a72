"""Files from addresses: streamed, resumed where a transfer broke, repeated with growing pauses."""

from __future__ import annotations

import http
import re
from collections.abc import Callable
from pathlib import Path

import httpx

from nearfield_models.errors import DigestMismatchError, FetchError
from nearfield_models.fetching.intake import Intake, require_digest
from nearfield_models.fetching.progress import Progress
from nearfield_models.manifest import HttpsSource, PackFile
from nearfield_models.placing import storage_faults

_ATTEMPTS = 5
_BLOCK_BYTES = 1 << 16
_FIRST_PAUSE_SECONDS = 0.5
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-")


class _BrokenOffError(Exception):
    """A transfer that another attempt may finish."""


class Downloads:
    """Downloads over https; what is there of a broken transfer waits in ``<digest>.part`` for the next."""

    def __init__(self, parts: Path, progress: Progress, *, sleep: Callable[[float], None]) -> None:
        """Make a downloader.

        Args:
            parts: Folder of unfinished transfers; kept between runs.
            progress: Hears of the downloads.
            sleep: Waits so many seconds between attempts.
        """
        self._parts = parts
        self._progress = progress
        self._sleep = sleep

    def take(self, source: HttpsSource, file: PackFile, target: Path) -> None:
        """Bring a file to ``target``, checked.

        Raises:
            FetchError: The address does not give it; what arrived is kept for the next try.
            DigestMismatchError: Not the file that the manifest names; nothing is kept.
            StorageError: The disk does not take it.
        """
        part = self._parts / f"{file.sha256}.part"
        with storage_faults(self._parts):
            self._parts.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        self._progress.begin(file.name, file.size_bytes)
        try:
            self._transfer(source, file, part)
            try:
                require_digest(file, part)
            except DigestMismatchError:
                part.unlink()
                if not resumed:
                    raise
                # The earlier half may have been of another file behind the same address.
                self._transfer(source, file, part)
                require_digest(file, part)
            with storage_faults(target):
                part.replace(target)
        except DigestMismatchError:
            part.unlink(missing_ok=True)
            raise
        finally:
            self._progress.end()

    def _transfer(self, source: HttpsSource, file: PackFile, part: Path) -> None:
        hooks = {"request": [_require_https]}
        with httpx.Client(
            timeout=_TIMEOUT, follow_redirects=True, max_redirects=5, event_hooks=hooks
        ) as client:
            for attempt in range(_ATTEMPTS):
                try:
                    self._attempt(client, source, file, part)
                except (_BrokenOffError, httpx.TransportError) as error:
                    if attempt + 1 == _ATTEMPTS:
                        raise FetchError(f"{source.url} failed {_ATTEMPTS} times: {error}") from error
                    self._sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise FetchError(f"{source.url} cannot be fetched: {error}") from error
                else:
                    return

    def _attempt(self, client: httpx.Client, source: HttpsSource, file: PackFile, part: Path) -> None:
        had_bytes = part.stat().st_size if part.exists() else 0
        if had_bytes == file.size_bytes:
            return
        # A compressed transfer could not be resumed by byte ranges.
        headers = {"Accept-Encoding": "identity"}
        if 0 < had_bytes < file.size_bytes:
            headers["Range"] = f"bytes={had_bytes}-"
        with client.stream("GET", source.url, headers=headers) as answer:
            _require_usable(answer, part)
            resumes = _resumes_at(answer) == had_bytes and "Range" in headers
            with storage_faults(part), part.open("ab" if resumes else "wb") as stream:
                intake = Intake(file, stream, had_bytes if resumes else 0)
                for block in answer.iter_bytes(_BLOCK_BYTES):
                    intake.write(block)
                    self._progress.advance(intake.received_bytes)
        if intake.received_bytes < file.size_bytes:
            raise _BrokenOffError(f"it ended after {intake.received_bytes} of {file.size_bytes} bytes")


def _require_https(request: httpx.Request) -> None:
    if request.url.scheme != "https":
        raise FetchError(f"a redirection leads to {request.url}, which is not https: refused")


def _require_usable(answer: httpx.Response, part: Path) -> None:
    if answer.status_code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        raise _BrokenOffError("its range was refused, so it starts again")
    if answer.status_code in _PASSING:
        raise _BrokenOffError(f"it answered {answer.status_code} {answer.reason_phrase}")
    if answer.status_code not in {200, 206}:
        raise FetchError(f"{answer.request.url} answered {answer.status_code} {answer.reason_phrase}")


def _resumes_at(answer: httpx.Response) -> int | None:
    found = _CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
    return int(found[1]) if answer.status_code == 206 and found else None
