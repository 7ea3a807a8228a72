"""The device's configuration: one TOML file, read in one place into one tree with defaults.

Without a file every default holds, and the device works. An unknown key is an error that names the nearest
known one; every limit on what comes from outside is a field here. Nothing here opens a device, a model or a
connection.
"""

from __future__ import annotations

import os
import platform
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from nearfield_edge.errors import ConfigurationError
from nearfield_edge.validation import sentence
from nearfield_models.errors import WakePhraseError
from nearfield_models.site_files import is_file_name
from nearfield_models.wake.phrase_spelling import checked_phrase

Milliseconds = Annotated[int, Field(ge=0, le=600_000)]


class Section(BaseModel):
    """A table of the file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "nearfield"


def _host_name() -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", platform.node())[:64] or "device"


def _system_zone() -> str:
    """The machine's time zone by name, UTC where it does not tell."""
    for name in (os.environ.get("TZ", ""), os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]):
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return "UTC"


class DeviceSection(Section):
    """What this device is and where it stands."""

    id: str = Field(default_factory=_host_name, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    """Names the device in records and to brokers; its host name if absent."""
    site_mode: Literal["open", "restricted"] = "open"
    egress: tuple[str, ...] = ()
    """Hosts (``host`` or ``host:port``) that a restricted site lets the device reach."""
    data: Path = Field(default_factory=_data_folder)
    """Where turns, effects and skills keep what must last."""
    time_zone: str = Field(default_factory=_system_zone)
    """A name such as ``Europe/Berlin``; the machine's if absent."""
    profile: Literal["development", "production"] = "development"
    """Which licence policy judges the model packs."""

    @property
    def recordings_key(self) -> Path:
        """The file of the key that recordings are encrypted with."""
        return self.data / "keys" / "recordings.key"

    @property
    def effects_file(self) -> Path:
        """The file of effects that are under way."""
        return self.data / "outbox.sqlite"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {value!r}; an example is 'Europe/Berlin'") from error
        return value


class WebSocketSection(Section):
    """Sound over a WebSocket."""

    host: str = "127.0.0.1"
    port: int = Field(8765, ge=0, le=65_535)
    token_file: Path | None = None
    """File whose first line is the bearer token; without one the source refuses to start."""
    rate_hz: int = Field(16_000, ge=8_000, le=192_000)
    channels: int = Field(1, ge=1, le=16)


class StandardInputSection(Section):
    """Raw PCM on standard input."""

    rate_hz: int = Field(16_000, ge=8_000, le=192_000)
    channels: int = Field(1, ge=1, le=16)
    bits: Literal[8, 16, 24, 32] = 16


class AudioSection(Section):
    """Where sound comes from and goes to."""

    source: Literal["microphone", "stdin", "websocket"] = "microphone"
    sink: Literal["speaker", "websocket", "none"] = "speaker"
    microphone: str | None = None
    """Name or part of it; the system's default if absent."""
    speaker: str | None = None
    longest_file_seconds: float = Field(3_600, gt=0, le=86_400)
    websocket: WebSocketSection = WebSocketSection()
    stdin: StandardInputSection = StandardInputSection()


class PorcupineSection(Section):
    """Porcupine with the customer's key; its first use contacts its vendor."""

    keywords: tuple[Path, ...] = ()
    """Keyword files (``.ppn``) for this kind of machine, in place of ``wake.packs``."""
    key_file: Path | None = None
    """File whose first line is the vendor's access key; without it NEARFIELD_PORCUPINE_KEY is the key."""
    language_model: Path | None = None
    """The vendor's file (``.pv``) for keywords that are not English."""
    sensitivity: float = Field(0.5, ge=0, le=1)


class WakeSection(Section):
    """What opens a turn."""

    mode: Literal["wake", "push_to_talk", "open_mic"] = "wake"
    engine: Literal["microwakeword", "microwakeword-litert", "openwakeword", "porcupine"] = "microwakeword"
    packs: tuple[str, ...] = ("microwakeword-okay-nabu", "microwakeword-alexa")
    phrase: tuple[str, ...] = ()
    """Phrases of the site's own, one or a list; the packs count beside them only where they are named."""
    sensitivity: float = Field(0.5, ge=0, le=1)
    """Of the site's own phrases; more hears more, and wakes more often by mistake."""
    porcupine: PorcupineSection = PorcupineSection()

    @property
    def packs_in_use(self) -> tuple[str, ...]:
        """The packs to listen with: none for Porcupine, or where phrases take the place of the default."""
        if self.engine == "porcupine":
            return ()
        return self.packs if not self.phrase or "packs" in self.model_fields_set else ()

    @field_validator("phrase", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("phrase")
    @classmethod
    def _can_be_said(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(checked_phrase(phrase) for phrase in value)
        except WakePhraseError as error:
            raise ValueError(str(error)) from error


class VadSection(Section):
    """When a sound counts as speech."""

    pack: str = "silero-vad"
    onset: float = Field(0.5, gt=0, lt=1)
    offset: float = Field(0.35, gt=0, lt=1)
    onset_ms: Milliseconds = 64


class TurnSection(Section):
    """How patient the device is."""

    end_silence_ms: Milliseconds = 500
    no_speech_ms: Milliseconds = 5_000
    longest_turn_ms: Milliseconds = 20_000
    pre_roll_ms: Milliseconds = 300
    post_roll_ms: Milliseconds = 200
    reopen_ms: Milliseconds = 1_200
    follow_up_ms: Milliseconds = 6_000
    partial_every_ms: Milliseconds = 400
    think_ms: Milliseconds = 8_000
    longest_reply_ms: Milliseconds = 60_000
    half_duplex: bool | None = None
    """Deaf to speech while it speaks; absent: with a loudspeaker yes, else no."""


class EngineSection(Section):
    """How models run."""

    asr: str = "moonshine-tiny-en"
    """A pack; for whisper-cpp also the path of a model file in ggml's form."""
    asr_engine: Literal["moonshine", "sherpa", "whisper-cpp"] = "moonshine"
    tts: str = "piper-en-us-joe-medium"
    runtime: Literal["onnxruntime", "openvino"] = "onnxruntime"
    """What runs the voice and the voice detector; recognition is in ONNX Runtime's own format."""
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """ONNX Runtime's execution providers, best first; `nearfield doctor` lists them."""
    openvino_device: str = "AUTO:NPU,GPU,CPU"
    threads: int = Field(2, ge=1, le=64)

    @model_validator(mode="after")
    def _file_fits_its_engine(self) -> EngineSection:
        if is_file_name(self.asr) and self.asr_engine != "whisper-cpp":
            raise ValueError(
                f'asr is the path of a file, which asr_engine = "{self.asr_engine}" cannot read: name a pack '
                'or choose asr_engine = "whisper-cpp"'
            )
        return self


class SkillsSection(Section):
    """What the device can do."""

    enabled: tuple[str, ...] = ("coffee", "rooms", "visit")
    folders: tuple[Path, ...] = ()
    """Further places to look for skill folders."""
    expire_seconds: int = Field(90, ge=1, le=3_600)
    """How long a conversation is remembered after its last turn."""
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Settings by skill; each skill's ``skill.toml`` says which there are."""


class MqttSection(Section):
    """The broker that skills publish to."""

    host: str | None = None
    """Without a host nothing is published, and a skill that tries is refused by name."""
    port: int = Field(8_883, ge=1, le=65_535)
    tls: bool = True
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None


class PolicySection(Section):
    """Who answers what."""

    file: Path | None = None
    """A routing policy (TOML); the shipped one if absent."""


class RecordsSection(Section):
    """What is kept of what was said."""

    keep_days: int = Field(30, ge=0, le=3_650)
    keep_turns: int = Field(100_000, ge=0, le=10_000_000)
    sound: bool = False
    """Whether the sound of turns is recorded (encrypted)."""
    sound_keep_days: int = Field(7, ge=0, le=365)
    sound_keep_megabytes: int = Field(500, ge=1, le=1_000_000)


class LogSection(Section):
    """What is logged."""

    style: Literal["json", "console"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"
    personal: bool = False
    """Whether what people said may appear in logs."""


class Configuration(Section):
    """The whole tree."""

    device: DeviceSection = Field(default_factory=DeviceSection)
    audio: AudioSection = AudioSection()
    wake: WakeSection = WakeSection()
    vad: VadSection = VadSection()
    turn: TurnSection = TurnSection()
    engines: EngineSection = EngineSection()
    skills: SkillsSection = SkillsSection()
    mqtt: MqttSection = MqttSection()
    policy: PolicySection = PolicySection()
    records: RecordsSection = RecordsSection()
    log: LogSection = LogSection()


def read_configuration(path: Path | None) -> Configuration:
    """Read the file, or give the defaults where ``path`` is None.

    Raises:
        ConfigurationError: The file cannot be read, is not TOML, or a key or value is wrong.
    """
    if path is None:
        return Configuration()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"configuration {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"configuration {path} is not valid TOML: {error}") from error
    return parse_configuration(raw, where=str(path))


def parse_configuration(raw: dict[str, Any], *, where: str) -> Configuration:
    """Check a parsed tree.

    Raises:
        ConfigurationError: A key or value is wrong; an unknown key is answered with the nearest known one.
    """
    try:
        return Configuration.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(sentence(error, Configuration, where)) from error
