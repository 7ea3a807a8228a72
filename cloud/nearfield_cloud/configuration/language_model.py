"""The table ``[language_model]``: where a language model is asked, if one is.

::

    [[language_model.endpoints]]
    url = "http://models.example.internal:8000/v1"
    model = "qwen3-8b"
    key = { environment = "MODEL_KEY" }
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nearfield_cloud.secret import SecretSource
from nearfield_sync.section import Section

Seconds = Annotated[float, Field(gt=0, le=600)]


class EndpointSection(Section):
    """One endpoint that speaks OpenAI's Chat Completions."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$", max_length=2_000)]
    """Up to and without ``/chat/completions``."""
    model: Annotated[str, Field(min_length=1, max_length=200)]
    key: SecretSource | None = None
    headers: dict[str, SecretSource] = Field(default_factory=dict)
    """Further secrets, by the header they are sent in."""
    connect_seconds: Seconds = 2.0
    first_token_seconds: Seconds = 4.0
    """A stream that is opened and then silent for so long has failed."""
    silence_seconds: Seconds = 3.0
    """As much between two pieces of an answer."""
    failures: Annotated[int, Field(ge=1, le=100)] = 3
    """So many in a row, and the endpoint is left alone for ``rest_seconds``."""
    rest_seconds: Seconds = 30.0
    tells_usage: bool = True
    """Whether it knows ``stream_options.include_usage``; without it tokens are estimated."""
    tokens_key: Annotated[str, Field(pattern=r"^max(_completion)?_tokens$")] = "max_tokens"
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    """None leaves it out, for models that refuse it."""


class LanguageModelSection(Section):
    """The endpoints, in the order in which they are asked; none means that no language model is used."""

    endpoints: Annotated[tuple[EndpointSection, ...], Field(max_length=16)] = ()
    longest_event_bytes: Annotated[int, Field(ge=1_024, le=16_000_000)] = 262_144
    longest_answer_bytes: Annotated[int, Field(ge=1_024, le=64_000_000)] = 2_000_000
    """Of one stream, everything counted."""
    longest_arguments_characters: Annotated[int, Field(ge=16, le=1_000_000)] = 16_000
    """Of one tool call."""
    most_calls: Annotated[int, Field(ge=1, le=64)] = 8
    """Tool calls in one answer."""
