"""Carrying settled effects out: an HTTP request, an MQTT message, a function of the skill."""

from __future__ import annotations

from datetime import datetime

from nearfield_edge.errors import DeliveryError, EffectRejectedError, SkillFailedError
from nearfield_edge.records.outbox_entry import OutboxEntry
from nearfield_edge.skills.api import FunctionEffect, HttpEffect, MqttEffect
from nearfield_edge.skills.effects import check_effect
from nearfield_edge.skills.http_delivery import HttpDelivery
from nearfield_edge.skills.mqtt_delivery import MqttDelivery
from nearfield_edge.skills.runtime import SkillRuntime


class EffectDelivery:
    """Chooses by kind of effect; permissions are looked at again, for a skill may have changed."""

    def __init__(self, runtime: SkillRuntime, http: HttpDelivery, mqtt: MqttDelivery | None) -> None:
        self._runtime = runtime
        self._http = http
        self._mqtt = mqtt

    def deliver(self, entry: OutboxEntry, now: datetime) -> None:
        """Return once the receiver has acknowledged.

        Raises:
            DeliveryError: Not now.
            EffectRejectedError: Declined for good, or there is no broker to publish to.
            PermissionRefusedError: Not declared any more.
            EgressRefusedError: The site forbids the connection.
        """
        skill = self._runtime.skills.get(entry.skill)
        if skill is None:
            raise DeliveryError(
                f"skill {entry.skill} is not enabled: enable it, or erase the effect (`nearfield outbox`)"
            )
        check_effect(entry.effect, skill.permissions, skill.manifest)
        match entry.effect:
            case HttpEffect():
                self._http.send(entry.effect, entry.key, skill.permissions)
            case MqttEffect() if self._mqtt is not None:
                self._mqtt.publish(entry.effect, entry.key, entry.skill)
            case MqttEffect():
                raise EffectRejectedError(f"skill {entry.skill} publishes, but no broker is configured")
            case FunctionEffect():
                self._apply(entry.skill, entry.effect, entry.key, now)

    def _apply(self, skill: str, effect: FunctionEffect, key: str, now: datetime) -> None:
        try:
            self._runtime.apply(skill, effect, key=key, now=now)
        except SkillFailedError as error:
            raise DeliveryError(str(error)) from error
