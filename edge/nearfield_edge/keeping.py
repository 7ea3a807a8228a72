"""What becomes of a finished turn: its record, and its sound where the site records it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from nearfield_edge.errors import RecordError
from nearfield_edge.records.recordings import Recordings
from nearfield_edge.records.turns import TurnStore
from nearfield_models.pcm import Samples, to_bytes
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Log


class StoredTurns:
    """Keeps turns in the device's own files. What cannot be kept is counted and logged by the stores."""

    def __init__(
        self,
        turns: TurnStore,
        recordings: Recordings,
        on_record: Callable[[TurnRecord], None] | None = None,
        on_kept: Callable[[TurnRecord, bool], None] | None = None,
    ) -> None:
        """Take the files, and who else wants to see each record.

        Args:
            turns: Where records go.
            recordings: Where sound goes.
            on_record: Told of a record as it is made.
            on_kept: Told of it once it is stored, or could not be, and whether its sound was.
        """
        self._turns = turns
        self._recordings = recordings
        self._on_record = on_record or (lambda _: None)
        self._on_kept = on_kept or (lambda *_: None)
        self._log: Log = structlog.get_logger()

    async def keep(self, record: TurnRecord, sound: Samples) -> None:
        """Store the record, and the sound if recordings are switched on; a full disk ends nothing."""
        self._on_record(record)
        has_sound = False
        try:
            has_sound = await asyncio.to_thread(self._keep, record, sound)
        except RecordError as error:
            self._log.error("turn_not_kept", turn_id=record.turn_id, code=error.code, exc_info=error)
        self._on_kept(record, has_sound)

    def _keep(self, record: TurnRecord, sound: Samples) -> bool:
        """Store both; whether there is sound of it now."""
        self._turns.keep(record)
        if not sound.size:
            return False
        writer = self._recordings.begin(record.turn_id, device_id=record.device_id, versions=record.versions)
        if writer is None:
            return False
        writer.write(to_bytes(sound))
        writer.finish()
        return True
