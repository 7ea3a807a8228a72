"""Home Assistant's intents as a skill's sentences: the files that its project publishes, and a home's own.

Three forms are read: the JSON of one language (the package ``home-assistant-intents``), a folder of YAML
files each with ``intents:`` (``custom_sentences/en``, and the project's repository until 2026), and that
repository since, where sentences are sorted by intent and by the slots that they fill.

Source: https://github.com/OHF-Voice/intents, docs/slot_combinations.md
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.compiler import SentenceSource

GIVEN_LISTS: Final = ("area", "floor", "name")
"""Lists that Home Assistant gives at run time; no file holds their values."""
LARGEST_FILE_BYTES: Final = 4_000_000

_ABOUT_DOMAINS: Final = frozenset({"name_domains", "inferred_domain", "speech_to_phrase", "example"})
"""Of a block sorted by its slots: what is read here. Examples are for people."""


def merge_intents(
    skill: str, documents: Iterable[Mapping[str, Any]], given_lists: Sequence[str] = GIVEN_LISTS
) -> SentenceSource:
    """Merge parsed files into the sentences of one skill.

    Mappings are merged key by key, lists one after another; of two texts the later counts.

    Args:
        skill: The name that the sentences are to have.
        documents: As parsed from YAML or JSON.
        given_lists: Lists without values in the files. They are empty until ``Grammar.with_list`` or
            ``compile_grammar`` fills them.

    Raises:
        GrammarError: Two documents have different things under one key.
    """
    merged: dict[str, Any] = {}
    for document in documents:
        _merge(merged, document, f'skill "{skill}"')
    lists = {name: {"values": []} for name in given_lists} | merged.get("lists", {})
    return SentenceSource(skill=skill, templates={**merged, "lists": lists})


def read_intents(place: Path, *, skill: str, language: str) -> SentenceSource:
    """Read the intents of a language from a file or folder in one of the forms above.

    Args:
        place: A JSON or YAML file, a folder of YAML files, or the root of the project's repository.
        skill: The name that the sentences are to have.
        language: Code such as ``en``; chooses the folders of a repository.

    Raises:
        GrammarError: A file cannot be read, is not what it should be, or there is none.
    """
    if (place / "sentences" / language).is_dir():
        return merge_intents(skill, _repository(place, language))
    files = _yaml_files(place) if place.is_dir() else [place]
    if not files:
        raise GrammarError(f"{place}: there are no YAML files in this folder")
    return merge_intents(skill, [_parsed(file) for file in files])


def _merge(into: dict[str, Any], new: Mapping[str, Any], where: str) -> None:
    for key, value in new.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            _merge(known, value, f"{where}, {key}")
        elif isinstance(known, list) and isinstance(value, list):
            into[key] = [*known, *value]
        elif isinstance(known, dict | list) or (known is not None and isinstance(value, dict | list)):
            raise GrammarError(f"{where}, {key}: two files have different kinds of things under this key")
        else:
            into[key] = _copied(value)


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return list(value) if isinstance(value, list) else value


def _repository(root: Path, language: str) -> list[dict[str, Any]]:
    """Files of the repository as documents with ``intents:``; what was sorted by slots comes unsorted.

    What ``lists`` and ``rules`` define takes the place of what the older ``_common.yaml`` has by that name,
    and an intent's older files that of its folder.
    """
    sentences = root / "sentences" / language
    documents = [_parsed(file) for file in sorted(sentences.glob("*.yaml"))]
    in_old_form = {intent for document in documents for intent in document.get("intents", {})}
    parts = {
        "lists": [
            *sorted((root / "lists").glob("*.yaml")),
            *sorted((root / "lists" / language).glob("*.yaml")),
        ],
        "expansion_rules": sorted((root / "rules" / language).glob("*.yaml")),
    }
    for key, files in parts.items():
        defined: dict[str, Any] = {}
        for file in files:
            defined.update(_parsed(file).get(key, {}))
        for document in documents:
            document[key] = {
                name: value for name, value in document.get(key, {}).items() if name not in defined
            }
        documents.append({key: defined})
    about = _parsed(root / "intents.yaml") if (root / "intents.yaml").is_file() else {}
    for intent in sorted(each for each in sentences.iterdir() if each.is_dir()):
        if intent.name not in in_old_form:
            combinations = about.get(intent.name, {}).get("slot_combinations", {})
            blocks = [
                block
                for file in sorted(intent.glob("*.yaml"))
                for block in _blocks_of(file, combinations.get(file.stem, {}))
            ]
            documents.append({"intents": {intent.name: {"data": blocks}}})
    return documents


def _blocks_of(file: Path, combination: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Blocks of a file of sentences that fill the same slots.

    Blocks marked ``speech_to_phrase`` repeat others with fewer words, and are read only where there are none.
    """
    data = _parsed(file).get("data", [])
    if not isinstance(data, list) or not all(isinstance(group, dict) for group in data):
        raise GrammarError(f"{file}: `data` should be a list of blocks of sentences")
    groups = [group for group in data if group.get("sentences")]
    full = [group for group in groups if not group.get("speech_to_phrase")]
    return [_block_of(group, file, combination) for group in full or groups]


def _block_of(group: Mapping[str, Any], file: Path, combination: Mapping[str, Any]) -> dict[str, Any]:
    block = {key: value for key, value in group.items() if key not in _ABOUT_DOMAINS}
    block["metadata"] = {**group.get("metadata", {}), "slot_combination": file.stem}
    requires = dict(group.get("requires_context", {}))
    if "name_domains" in group:
        domains = group["name_domains"]
        if isinstance(domains, str):
            named = combination.get("name_domain_groups", {})
            if domains not in named:
                raise GrammarError(f'{file}: intents.yaml names no domains "{domains}" for this file')
            domains = named[domains]
        requires["domain"] = list(domains)
    elif "inferred_domain" in group:
        block["slots"] = {**group.get("slots", {}), "domain": group["inferred_domain"]}
    if combination.get("context_area"):
        requires["area"] = {"slot": True}
    return {**block, "requires_context": requires}


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix in (".yaml", ".yml"))


def _parsed(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise GrammarError(f"{file}: larger than {LARGEST_FILE_BYTES} bytes")
        text = file.read_text(encoding="utf-8")
        parsed = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
        raise GrammarError(f"{file}: cannot be read: {error}") from error
    if not isinstance(parsed, dict):
        raise GrammarError(f"{file}: expected keys and values, found {type(parsed).__name__}")
    return parsed
