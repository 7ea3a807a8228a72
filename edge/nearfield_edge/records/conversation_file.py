"""The conversation between two processes: what was asked and noted survives a restart of the device.

Written when a turn is settled, read at the start. It says what people wanted, so it is readable by its owner
only, and goes when it is over and when turns are erased.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from nearfield_edge.errors import RecordError
from nearfield_edge.skills.conversation import Conversation, conversation_from_dict
from nearfield_sync.telemetry import Log

LARGEST_BYTES: Final = 256 * 1024


class ConversationFile:
    """One conversation in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log: Log = structlog.get_logger()

    def load(self) -> Conversation:
        """What was said before; nothing where there is no file, or it is damaged and therefore removed."""
        try:
            with self._path.open("rb") as file:
                raw = file.read(LARGEST_BYTES + 1)
            if len(raw) > LARGEST_BYTES:
                raise RecordError(f"{self._path} is larger than {LARGEST_BYTES} bytes")
            return conversation_from_dict(json.loads(raw))
        except FileNotFoundError:
            return Conversation()
        except (OSError, ValueError, RecordError) as error:
            self._log.warning("conversation_unreadable", exc_info=error)
            self.erase()
            return Conversation()

    def keep(self, conversation: Conversation) -> None:
        """Write it down; a full disk costs the memory of the conversation, not the turn."""
        temporary = self._path.with_name(self._path.name + ".new")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(conversation.to_dict(), file)
            temporary.replace(self._path)
        except OSError as error:
            self._log.warning("conversation_not_kept", exc_info=error)
            temporary.unlink(missing_ok=True)

    def prune(self, before: datetime) -> None:
        """Forget a conversation that was last written before a time.

        Raises:
            RecordError: The file cannot be removed.
        """
        with suppress(FileNotFoundError):
            if self._path.stat().st_mtime < before.timestamp():
                self.erase()

    def erase(self) -> None:
        """Forget it.

        Raises:
            RecordError: The file cannot be removed.
        """
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise RecordError(f"{self._path} cannot be removed: {error.strerror}") from error
