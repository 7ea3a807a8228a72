"""The routing policy: thresholds and permissions, read from TOML."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from nearfield_edge.errors import ConfigurationError
from nearfield_sync.validation import sentence


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SkillPolicy(_Part):
    """How sure an understanding must be for a skill to answer, or to be asked about."""

    act_confidence: float = Field(ge=0, le=1)
    clarify_confidence: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> SkillPolicy:
        if self.clarify_confidence > self.act_confidence:
            raise ValueError("clarify_confidence must not exceed act_confidence")
        return self


class CachePolicy(_Part):
    """Whether the local answer cache may be asked."""

    enabled: bool


class CloudPolicy(_Part):
    """Whether and with what the cloud may be asked."""

    enabled: bool
    may_leave: Literal["nothing", "text", "audio"]
    least_words: int = Field(3, ge=1, le=20)
    """Fewer words than these are no question that is worth asking."""
    deadline_ms: int = Field(4_000, ge=200, le=30_000)
    """How long the first sentence of an answer is waited for; then the device answers by itself."""
    later: Literal["never", "ask", "always"] = "ask"
    """Whether a question that cannot be asked now is asked later: never, if the person agrees, or always."""


class RoutingPolicy(_Part):
    """The whole policy; ``version`` stands in every turn record it decided."""

    version: str = Field(min_length=1, max_length=64)
    skill: SkillPolicy
    """What was found by the words of a sentence."""
    sound: SkillPolicy = SkillPolicy(act_confidence=0.85, clarify_confidence=0.75)
    """What was found by how a transcript sounds."""
    paraphrase: SkillPolicy = SkillPolicy(act_confidence=0.90, clarify_confidence=0.50)
    """What no sentence says."""
    cache: CachePolicy
    cloud: CloudPolicy

    def sure_enough(self, source: str) -> SkillPolicy:
        """What is asked of an understanding from this source."""
        return {"sound": self.sound, "paraphrase": self.paraphrase}.get(source, self.skill)


def read_policy(path: Path | None) -> RoutingPolicy:
    """Read a policy file, or the shipped one where ``path`` is None.

    Raises:
        ConfigurationError: The file cannot be read or says something wrong.
    """
    where = "the shipped routing policy" if path is None else f"routing policy {path}"
    try:
        if path is None:
            text = resources.files("nearfield_edge.routing").joinpath("policy.toml").read_text("utf-8")
        else:
            text = path.read_text("utf-8")
        raw: dict[str, Any] = tomllib.loads(text)
        return RoutingPolicy.model_validate(raw)
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigurationError(sentence(error, RoutingPolicy, where)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where} is not valid TOML: {error}") from error
