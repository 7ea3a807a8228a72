"""Calls: who holds them, how many, what one may use, and how they are reached."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from nearfield_sync.section import Section

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class IceServer(Section):
    """A STUN or TURN server."""

    url: str = Field(pattern=r"^(stun|stuns|turn|turns):[^\s]{1,253}$")
    username: str = Field(default="", max_length=200)
    password_file: Path | None = None
    """Holds the password of a TURN server."""


class Ice(Section):
    """How WebRTC calls find their way."""

    servers: tuple[IceServer, ...] = Field(default=(), max_length=16)
    """Several of a kind are tried in their order; one that does not answer is passed over."""
    probe_seconds: Seconds = 1.0
    """So long a server has to answer."""
    probe_every_seconds: Seconds = 30.0
    gather_seconds: Seconds = 2.0
    """So long an offer may wait for the servers; then it is answered without them."""
    relay_only: bool = False
    """Whether sound goes through a TURN server only."""
    connect_seconds: Seconds = 15.0
    """A call that is not connected by then is closed."""


class Engines(Section):
    """What hears and speaks."""

    enabled: bool = True
    """Without it calls are text only, and no models are needed."""
    asr: str = "moonshine-tiny-en"
    vad: str = "silero-vad"
    turn: str = "smart-turn-v3"
    voice: str = "piper-en-us-joe-medium"
    threads: int = Field(default=2, ge=1, le=64)
    """Of one inference."""
    partial_every_ms: int = Field(default=700, ge=0, le=10_000)
    """How often what is being said is recognised; 0 waits for its end."""
    longest_utterance_seconds: float = Field(default=30.0, ge=1.0, le=120.0)
    opus_bits_per_second: int = Field(default=24_000, ge=6_000, le=128_000)


class CallLimits(Section):
    """What calls may use, in all and each."""

    most_calls: int = Field(default=100, ge=1, le=100_000)
    """Of this worker."""
    most_calls_of_tenant: int = Field(default=50, ge=1, le=100_000)
    most_calls_of_subject: int = Field(default=8, ge=1, le=100_000)
    most_secrets: int = Field(default=10_000, ge=1, le=1_000_000)
    most_connections_of_call: int = Field(default=4, ge=1, le=64)
    """The call's own and those beside it."""
    largest_event_bytes: int = Field(default=1_048_576, ge=1_024, le=16_777_216)
    largest_offer_bytes: int = Field(default=65_536, ge=1_024, le=1_048_576)
    most_candidates: int = Field(default=64, ge=1, le=1_024)
    events_per_second: float = Field(default=200.0, gt=0, le=10_000)
    """From one client, on average; twice as many at once."""
    responses_per_minute: float = Field(default=60.0, gt=0, le=10_000)
    most_events_waiting: int = Field(default=2_048, ge=16, le=1_000_000)
    """For a client that reads slowly; beyond it the call ends."""
    most_items: int = Field(default=64, ge=2, le=10_000)
    longest_text_characters: int = Field(default=8_000, ge=1, le=1_000_000)
    longest_call_seconds: Seconds = 7_200.0
    idle_seconds: Seconds = 900.0
    """Without an event or sound; heartbeats do not count."""
    heartbeat_seconds: Seconds = 2.0
    most_missed_heartbeats: int = Field(default=3, ge=1, le=100)
    resume_seconds: Seconds = 60.0
    """For so long a lost session waits for its client."""
    most_ahead_seconds: Seconds = 10.0
    """Of an answer's sound that waits to be played."""
    most_computing: int = Field(default=1_024, ge=1, le=100_000)


class Realtime(Section):
    """The whole section."""

    worker: str = Field(default="w0", pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    """This worker's name, unique among them; calls' ids begin with it."""
    reconnect_after_seconds: float = Field(default=1.0, ge=0, le=3_600)
    """What clients are told when this worker shuts down."""
    limits: CallLimits = CallLimits()
    ice: Ice = Ice()
    engines: Engines = Engines()
