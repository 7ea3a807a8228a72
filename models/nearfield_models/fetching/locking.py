"""One writer at a time in a store, across processes."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nearfield_models.fetching.progress import Progress
from nearfield_models.placing import make_folder, storage_faults


@contextmanager
def sole_writer(store: Path, progress: Progress) -> Iterator[None]:
    """Hold the store's lock; wait while another process has it. The system frees it when its holder dies.

    Raises:
        StorageError: The store cannot be written.
    """
    with storage_faults(store):
        make_folder(store)
        lock = (store / ".lock").open("ab")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.begin("waiting for another fetch into this store", None)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
            finally:
                progress.end()
        yield
