"""What can go wrong in what both ends share.

::

    SyncError
    ├── DatabaseError            SQLite cannot open, read or write (disk full, damaged, locked)
    ├── PassageStoreError        a store of passages cannot be reached, read or written
    ├── MessageError             bytes from outside are no valid message
    └── RedactionError           a text cannot be redacted, so it must not leave the device
"""

from __future__ import annotations


class SyncError(Exception):
    """Root of this package's errors.

    Attributes:
        code: Stable name for logs, records and scripts.
        retryable: Whether the same call may succeed later without any change.
    """

    code = "sync_error"
    retryable = False


class DatabaseError(SyncError):
    """SQLite cannot open, read or write; the message says which file and why."""

    code = "database_failed"
    retryable = True


class PassageStoreError(SyncError):
    """A store of passages cannot be reached, read or written; the message says which and why."""

    code = "passage_store_failed"
    retryable = True


class MessageError(SyncError):
    """Bytes from outside are no valid message."""

    code = "message_invalid"


class RedactionError(SyncError):
    """A text cannot be redacted; it must not leave the device."""

    code = "redaction_failed"
