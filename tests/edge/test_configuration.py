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
        ({"wake": {"phrase": "h4llo"}}, "wake.phrase': wake phrase 'h4llo' cannot be said"),
        ({"wake": {"phrase": ["hello", ""]}}, "wake.phrase': a wake phrase is empty"),
        ({"wake": {"sensitivity": 1.5}}, "wake.sensitivity"),
    ],
)
def test_a_mistake_is_named_with_its_key(raw: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_configuration(raw, where="site.toml")
    assert str(error.value).startswith("site.toml: ")
    assert told in str(error.value)


def test_a_wake_phrase_is_one_or_several_and_takes_the_place_of_the_default_packs() -> None:
    one = parse_configuration({"wake": {"phrase": "hello  nearfield!"}}, where="test").wake
    assert one.phrase == ("hello nearfield",)
    assert one.packs_in_use == ()
    several = parse_configuration({"wake": {"phrase": ["hello nearfield", "hey Joe"]}}, where="test").wake
    assert several.phrase == ("hello nearfield", "hey Joe")
    assert Configuration().wake.packs_in_use == Configuration().wake.packs


def test_packs_that_are_named_are_listened_for_beside_a_phrase() -> None:
    raw = {"wake": {"phrase": "hello nearfield", "packs": ["microwakeword-alexa"]}}
    assert parse_configuration(raw, where="test").wake.packs_in_use == ("microwakeword-alexa",)
