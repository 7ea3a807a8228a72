"""How models run, what the device can do, and who answers what."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from nearfield_models.site_files import is_file_name
from nearfield_sync.section import Section


class EngineSection(Section):
    """How models run."""

    asr: str = "moonshine-tiny-en"
    """A pack; for whisper-cpp also the path of a model file in ggml's form."""
    asr_engine: Literal["moonshine", "sherpa", "whisper-cpp"] = "moonshine"
    tts: str = "piper-en-us-joe-medium"
    lexicon: Path | None = None
    """How the voice says words of the site's own (TOML; docs/speech.md)."""
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


class UnderstandingSection(Section):
    """What is made of words that are no sentence of any skill."""

    paraphrases: bool = True
    """Whether other wordings are understood, by a classifier that is trained from the skills' sentences."""
    by_sound: bool = True
    """Whether the text of a recogniser that gives nothing else is matched by its sound."""
    embedding: str = "minilm-l6-v2-int8"
    """The pack that paraphrases are compared by."""


class PolicySection(Section):
    """Who answers what."""

    file: Path | None = None
    """A routing policy (TOML); the shipped one if absent."""
