"""The configuration: its defaults, its example file, and what it says of mistakes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from nearfield_edge.configuration import Configuration, parse_configuration, read_configuration
from nearfield_edge.errors import ConfigurationError

EXAMPLE = Path(__file__).resolve().parents[2] / "edge" / "nearfield.example.toml"


def keys(section: BaseModel, path: str = "") -> Iterator[str]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from keys(value, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def test_the_example_says_the_defaults() -> None:
    assert read_configuration(EXAMPLE) == Configuration()


def test_the_example_names_every_key() -> None:
    # What is commented out is an example, too: all of it together must be valid.
    whole = re.sub(r"^# (?=\w+ = |\[)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    raw: dict[str, Any] = tomllib.loads(whole)
    parse_configuration(raw, where="the example")
    named: set[str] = set()
    for section, values in raw.items():
        for key, value in values.items():
            nested = isinstance(value, dict) and key != "settings"
            named.update(f"{section}.{key}.{inner}" for inner in value) if nested else named.add(
                f"{section}.{key}"
            )
    assert named == set(keys(Configuration()))


def test_without_a_file_every_default_holds() -> None:
    assert read_configuration(None) == Configuration()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"device": {"time_zone": "Mars/Olympus"}}, "no time zone is called 'Mars/Olympus'"),
        ({"device": {"id": "a b"}}, "device.id"),
        ({"audio": {"longest_file_seconds": 0}}, "audio.longest_file_seconds"),
        ({"audio": {"websocket": {"prot": 1}}}, "did you mean 'port'?"),
        ({"wake": {"mode": "telepathy"}}, "wake.mode"),
    ],
)
def test_a_mistake_is_named_with_its_key(raw: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_configuration(raw, where="site.toml")
    assert str(error.value).startswith("site.toml: ")
    assert told in str(error.value)
