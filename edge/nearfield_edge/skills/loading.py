"""A skill's folder, read and checked as a whole, so that faults show at the start and not in a turn."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from nearfield_edge.errors import SkillError
from nearfield_edge.skills.effect_templates import EffectTemplate, compile_effect
from nearfield_edge.skills.examples import load_examples
from nearfield_edge.skills.manifest import SkillManifest, parse_manifest, resolve_settings
from nearfield_edge.skills.permissions import Held, PermissionGuard, Permissions, resolve_permissions
from nearfield_edge.skills.replies import Replies, load_replies, read_yaml, template_environment
from nearfield_sync.messages.turn_record import Json
from nearfield_sync.validation import nearest

MANIFEST = "skill.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """Everything of one skill, ready to answer."""

    folder: Path
    data_folder: Path
    manifest: SkillManifest
    settings: Mapping[str, Json]
    permissions: Permissions
    sentences: Mapping[str, Any]
    """``sentences.yaml``, in Home Assistant's intent format."""
    examples: Mapping[str, tuple[str, ...]]
    """What people may also say, by intent: taught, never matched as sentences."""
    replies: Replies
    functions: Mapping[str, Callable[..., Any]]
    """By ``module:name``."""
    effects: Mapping[str, tuple[EffectTemplate, ...]]
    """Declared effects by intent."""

    @property
    def id(self) -> str:
        """As in ``skill.toml``."""
        return self.manifest.id


def shipped_skills_folder() -> Path:
    """The skills that come with Nearfield."""
    return Path(__file__).parents[1] / "shipped_skills"


def find_skills(folders: Sequence[Path]) -> dict[str, Path]:
    """Folders that hold a ``skill.toml``, by name, in the order given; a later one replaces an earlier.

    Raises:
        SkillError: One of ``folders`` does not exist.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise SkillError(f"{folder}: no such folder of skills")
        found.update({path.parent.name: path.parent for path in sorted(folder.glob(f"*/{MANIFEST}"))})
    return found


def load_skills(
    folders: Sequence[Path],
    *,
    enabled: Sequence[str] | None,
    settings: Mapping[str, Mapping[str, Json]],
    data_folder: Path,
    guard: PermissionGuard,
) -> tuple[Skill, ...]:
    """Load the enabled skills.

    Args:
        folders: Where skills are looked for: shipped first, then the site's own.
        enabled: Ids, or None for all that are found.
        settings: The site's settings by skill.
        data_folder: Each skill gets the folder of its id in it.
        guard: Holds a skill's modules to its permissions already while they are imported.

    Raises:
        SkillError: A skill is missing or wrong, or settings are given for one that is not there.
    """
    found = find_skills(folders)
    wanted = list(found) if enabled is None else list(enabled)
    for name in (*wanted, *settings):
        if name not in found:
            raise SkillError(f"no skill '{name}'{nearest(name, list(found))}")
    return tuple(
        load_skill(found[name], settings=settings.get(name, {}), data_folder=data_folder / name, guard=guard)
        for name in wanted
    )


def load_skill(
    folder: Path, *, settings: Mapping[str, Json], data_folder: Path, guard: PermissionGuard
) -> Skill:
    """Read one skill's folder.

    Args:
        folder: Holds ``skill.toml``; its name is the skill's id.
        settings: The site's.
        data_folder: Where the skill may keep its own files; made when the skill is first called.
        guard: Holds the skill's modules to its permissions while they are imported.

    Raises:
        SkillError: Anything in it is wrong; the message names file and key.
    """
    path = folder / MANIFEST
    try:
        manifest = parse_manifest(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"{path}: cannot be read ({error})") from error
    if manifest.id != folder.name:
        raise SkillError(f"{path}: key 'id': '{manifest.id}' must be the name of its folder, '{folder.name}'")
    resolved = resolve_settings(manifest, settings, skill_folder=folder, data_folder=data_folder)
    permissions = resolve_permissions(manifest, resolved, skill_folder=folder, data_folder=data_folder)
    environment = template_environment()
    sentences = read_yaml(folder / "sentences.yaml")
    skill = Skill(
        folder=folder,
        data_folder=data_folder,
        manifest=manifest,
        settings=resolved,
        permissions=permissions,
        sentences=sentences,
        examples=load_examples(
            folder / "examples.yaml", manifest.intents, str(sentences.get("language", ""))
        ),
        replies=load_replies(folder / "replies.yaml", manifest.id, environment),
        functions=_load_functions(manifest, folder, permissions, guard),
        effects=_compile_effects(manifest, path, environment),
    )
    _check_names(skill, path)
    return skill


def _check_names(skill: Skill, path: Path) -> None:
    spoken = skill.sentences.get("intents", {})
    for name, intent in skill.manifest.intents.items():
        if name not in spoken:
            raise SkillError(
                f"{path}: intents.{name}: sentences.yaml has no such intent{nearest(name, list(spoken))}"
            )
        for reply in (intent.reply, *intent.required.values()):
            if reply is not None and reply not in skill.replies.names:
                known = list(skill.replies.names)
                raise SkillError(
                    f"{path}: intents.{name}: no reply '{reply}' in replies.yaml{nearest(reply, known)}"
                )
    for name in spoken:
        if name not in skill.manifest.intents:
            known = list(skill.manifest.intents)
            raise SkillError(
                f"{path}: sentences.yaml has intent '{name}', which is not declared{nearest(name, known)}"
            )
    for name, source in skill.manifest.lists.items():
        if source.setting is not None and not isinstance(skill.settings.get(source.setting), list):
            raise SkillError(f"{path}: lists.{name}: '{source.setting}' is no setting of type list")


def _compile_effects(
    manifest: SkillManifest, path: Path, environment: jinja2.Environment
) -> dict[str, tuple[EffectTemplate, ...]]:
    return {
        name: tuple(
            compile_effect(declared, environment, where=f"{path}: intents.{name}.effects")
            for declared in intent.effects
        )
        for name, intent in manifest.intents.items()
    }


def _load_functions(
    manifest: SkillManifest, folder: Path, permissions: Permissions, guard: PermissionGuard
) -> dict[str, Callable[..., Any]]:
    named = [intent.function for intent in manifest.intents.values() if intent.function]
    named += [source.function for source in manifest.lists.values() if source.function]
    named += manifest.effect_functions
    functions: dict[str, Callable[..., Any]] = {}
    for name in dict.fromkeys(named):
        module_name, function_name = name.split(":")
        module = _import(folder, module_name, permissions, guard)
        function = getattr(module, function_name, None)
        if not callable(function):
            raise SkillError(
                f"{folder / module_name}.py: no function '{function_name}', which {MANIFEST} names"
            )
        functions[name] = function
    return functions


def _import(folder: Path, module: str, permissions: Permissions, guard: PermissionGuard) -> types.ModuleType:
    if not (folder / f"{module}.py").is_file():
        raise SkillError(f"{folder / module}.py: no such file, but {MANIFEST} names it")
    package = _package_of(folder)
    try:
        with guard.holding(Held(permissions=permissions)):
            return importlib.import_module(f"{package}.{module}")
    except Exception as error:
        raise SkillError(f"{folder / module}.py: cannot be imported: {error}") from error


def _package_of(folder: Path) -> str:
    """The package in which a skill's modules import each other; ``nearfield_skill_<id>`` for a site's own."""
    if folder.resolve().parent == shipped_skills_folder().resolve():
        return f"nearfield_edge.shipped_skills.{folder.name}"
    name = f"nearfield_skill_{folder.name}"
    known = sys.modules.get(name)
    if known is None or list(known.__path__) != [str(folder)]:
        for stale in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[stale]
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        package.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        sys.modules[name] = package
    return name
