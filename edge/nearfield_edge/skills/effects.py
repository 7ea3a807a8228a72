"""Effects as they are stored, and the check of what a skill may set in motion."""

from __future__ import annotations

import json
from typing import Any, Final

from nearfield_edge.errors import EffectRejectedError, PermissionRefusedError, SkillFailedError
from nearfield_edge.skills.api import Effect, FunctionEffect, HttpEffect, MqttEffect
from nearfield_edge.skills.manifest import SkillManifest
from nearfield_edge.skills.permissions import Permissions, origin_of

LARGEST_EFFECT_BYTES: Final = 64 * 1024
METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def check_effect(effect: Effect, permissions: Permissions, manifest: SkillManifest) -> None:
    """See that the skill has declared what it sets in motion.

    Raises:
        PermissionRefusedError: An undeclared host, topic or function.
        SkillFailedError: Not a URL, not a topic, a method that changes nothing, or too large.
    """
    skill = permissions.skill
    if isinstance(effect, HttpEffect):
        _check_http(effect, permissions)
    elif isinstance(effect, MqttEffect):
        _check_mqtt(effect, permissions)
    elif effect.function not in manifest.effect_functions:
        raise PermissionRefusedError(
            f"skill {skill} may not call {effect.function}: name it in effect_functions in skill.toml"
        )
    size = len(effect_to_json(effect))
    if size > LARGEST_EFFECT_BYTES:
        raise SkillFailedError(
            f"skill {skill}: effect of {size} bytes, at most {LARGEST_EFFECT_BYTES} are sent"
        )


def may_reach(url: str, permissions: Permissions) -> bool:
    """Whether the URL's host and port are declared."""
    try:
        return origin_of(url) in permissions.network
    except ValueError:
        return False


def _check_http(effect: HttpEffect, permissions: Permissions) -> None:
    try:
        origin = origin_of(effect.url)
    except ValueError as error:
        raise SkillFailedError(f"skill {permissions.skill}: effect's url: {error}") from error
    if effect.method not in METHODS:
        known = ", ".join(sorted(METHODS))
        raise SkillFailedError(
            f"skill {permissions.skill}: effect's method '{effect.method}' is none of {known}"
        )
    if origin not in permissions.network:
        raise PermissionRefusedError(
            f"skill {permissions.skill} may not reach {origin}: declare it under permissions.network"
        )


def _check_mqtt(effect: MqttEffect, permissions: Permissions) -> None:
    topic = effect.topic
    if not topic or len(topic.encode()) > 65_535 or any(letter in topic for letter in "+#\0"):
        raise SkillFailedError(f"skill {permissions.skill}: '{topic}' is no topic to publish to")
    if not any(topic_matches(pattern, topic) for pattern in permissions.publish):
        raise PermissionRefusedError(
            f"skill {permissions.skill} may not publish to '{topic}': declare it under permissions.publish"
        )


def topic_matches(pattern: str, topic: str) -> bool:
    """Whether an MQTT topic falls under a filter.

    Source: MQTT 5.0, section 4.7.
    """
    if topic.startswith("$") and not pattern.startswith("$"):
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for position, level in enumerate(wanted):
        if level == "#":
            return position == len(wanted) - 1
        if position >= len(levels) or level not in {"+", levels[position]}:
            return False
    return len(wanted) == len(levels)


def effect_to_json(effect: Effect) -> str:
    """One line of JSON.

    Raises:
        SkillFailedError: The effect holds what JSON does not have.
    """
    raw: dict[str, Any]
    match effect:
        case HttpEffect():
            raw = {"kind": "http", "method": effect.method, "url": effect.url, "body": effect.body}
        case MqttEffect():
            raw = {"kind": "mqtt", "topic": effect.topic, "body": effect.body}
        case FunctionEffect():
            raw = {"kind": "function", "function": effect.function, "arguments": dict(effect.arguments)}
    try:
        return json.dumps(raw, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SkillFailedError(f"an effect must hold plain JSON values: {error}") from error


def effect_from_json(text: str) -> Effect:
    """Read what ``effect_to_json`` wrote.

    Raises:
        EffectRejectedError: It is none, or of a kind this version does not know.
    """
    try:
        raw = json.loads(text)
        match raw.pop("kind"):
            case "http":
                return HttpEffect(**raw)
            case "mqtt":
                return MqttEffect(**raw)
            case "function":
                return FunctionEffect(**raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EffectRejectedError(f"a stored effect cannot be read: {error}") from error
    raise EffectRejectedError("a stored effect is of a kind this version does not know")
