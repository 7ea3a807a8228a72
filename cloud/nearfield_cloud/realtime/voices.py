"""One call's answers aloud: each response gets a voice, on the call's track or in its events."""

from __future__ import annotations

from collections.abc import Callable

from nearfield_cloud.configuration.realtime import Realtime
from nearfield_cloud.realtime.hearing import HearingParts
from nearfield_cloud.realtime.session import commands, reports
from nearfield_cloud.realtime.sound.opus import OpusWriter
from nearfield_cloud.realtime.sound.track import VoiceTrack
from nearfield_cloud.realtime.speaking import EventOutlet, Outlet, Speaking, TrackOutlet, VoiceParts
from nearfield_sync.messages.realtime.session import AudioFormat


class Voices:
    """Speaks for one call."""

    def __init__(
        self,
        parts: HearingParts,
        settings: Realtime,
        *,
        call_id: str,
        format_now: Callable[[], AudioFormat],
        report: Callable[[reports.Report], None],
    ) -> None:
        self.track: VoiceTrack | None = None
        """Where sound goes; None puts it into events."""
        self._parts = parts
        self._settings = settings
        self._call_id = call_id
        self._format_now = format_now
        self._report = report
        self._speaking: dict[str, Speaking] = {}

    def carry_out(self, command: commands.Speak | commands.FinishSpeaking | commands.StopSpeaking) -> None:
        """Speak, or cease to."""
        response_id = command.response_id
        if isinstance(command, commands.Speak):
            if response_id not in self._speaking:
                self._speaking = {response_id: self._new(response_id)}  # one response at a time
            self._speaking[response_id].say(command)
        elif isinstance(command, commands.FinishSpeaking):
            if response_id in self._speaking:
                self._speaking[response_id].finish()
        else:
            stopped = self._speaking.pop(response_id, None)
            if stopped is not None:
                stopped.stop()
            if self.track is not None:
                self.track.clear(response_id)

    def close(self) -> None:
        """Say nothing more."""
        for speaking in self._speaking.values():
            speaking.stop()
        self._speaking.clear()
        if self.track is not None:
            self.track.stop()

    def _new(self, response_id: str) -> Speaking:
        tts, engines = self._parts.engines.tts, self._settings.engines
        rate_hz = tts.capabilities.sample_rate_hz
        outlet: Outlet
        if self.track is None:
            outlet = EventOutlet(response_id, self._format_now(), rate_hz, self._report)
        else:
            outlet = TrackOutlet(
                response_id,
                self.track,
                OpusWriter(rate_hz, bits_per_second=engines.opus_bits_per_second),
                most_ahead_seconds=self._settings.limits.most_ahead_seconds,
            )
        parts = VoiceParts(tts=tts, compute=self._parts.speech)
        return Speaking(parts, outlet, call_id=self._call_id, response_id=response_id, report=self._report)
