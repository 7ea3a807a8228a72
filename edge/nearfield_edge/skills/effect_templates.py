"""Effects that ``skill.toml`` declares for a skill without Python: templates filled from the turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from nearfield_edge.errors import SkillError
from nearfield_edge.skills.api import Effect, HttpEffect, MqttEffect
from nearfield_edge.skills.manifest import EffectDeclaration
from nearfield_edge.skills.replies import render_text
from nearfield_sync.messages.turn_record import Json

CompiledBody = jinja2.Template | int | float | bool | list["CompiledBody"] | dict[str, "CompiledBody"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectTemplate:
    """A declared effect with its texts compiled."""

    method: str | None
    """Of an HTTP effect; None for MQTT."""
    target: jinja2.Template
    """URL or topic."""
    body: CompiledBody
    where: str

    def fill(self, values: Mapping[str, Any]) -> Effect:
        """The effect of one turn.

        Raises:
            SkillFailedError: A value is missing.
        """
        target = render_text(self.target, values, where=self.where)
        body = self._fill_body(self.body, values)
        if self.method is None:
            return MqttEffect(topic=target, body=body)
        return HttpEffect(method=self.method, url=target, body=body)

    def _fill_body(self, body: CompiledBody, values: Mapping[str, Any]) -> Json:
        if isinstance(body, jinja2.Template):
            return render_text(body, values, where=self.where)
        if isinstance(body, list):
            return [self._fill_body(item, values) for item in body]
        if isinstance(body, dict):
            return {key: self._fill_body(item, values) for key, item in body.items()}
        return body


def compile_effect(
    declared: EffectDeclaration, environment: jinja2.Environment, *, where: str
) -> EffectTemplate:
    """Compile what ``skill.toml`` declares.

    Raises:
        SkillError: A template is wrong.
    """
    try:
        if declared.http is not None:
            return EffectTemplate(
                method=declared.http.method,
                target=environment.from_string(declared.http.url),
                body=_compile_body(declared.http.body, environment),
                where=where,
            )
        if declared.mqtt is not None:
            return EffectTemplate(
                method=None,
                target=environment.from_string(declared.mqtt.topic),
                body=_compile_body(declared.mqtt.body, environment),
                where=where,
            )
    except jinja2.TemplateSyntaxError as error:
        raise SkillError(f"{where}: {error.message}") from error
    raise SkillError(f"{where}: an effect has either 'http' or 'mqtt'")


def _compile_body(body: Any, environment: jinja2.Environment) -> CompiledBody:
    if isinstance(body, str):
        return environment.from_string(body)
    if isinstance(body, list):
        return [_compile_body(item, environment) for item in body]
    if isinstance(body, dict):
        return {key: _compile_body(item, environment) for key, item in body.items()}
    return body  # type: ignore[no-any-return]
