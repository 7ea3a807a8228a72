"""MQTT effects: one message at QoS 1, with the idempotency key in its payload."""

from __future__ import annotations

import json
import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nearfield_edge.errors import DeliveryError, EffectRejectedError
from nearfield_edge.skills.api import MqttEffect
from nearfield_edge.skills.http_delivery import EgressCheck

if TYPE_CHECKING:
    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttBroker:
    """Where effects are published."""

    host: str
    port: int
    client_id: str
    tls: bool
    ca_file: str | None = None
    username: str | None = None
    password: str | None = None


class MqttDelivery:
    """Publishes at QoS 1 and waits for the broker's acknowledgement, over MQTT 5 to be told of a refusal."""

    def __init__(self, broker: MqttBroker, egress: EgressCheck, *, timeout_seconds: float = 10.0) -> None:
        self._broker = broker
        self._egress = egress
        self._timeout_seconds = timeout_seconds

    def publish(self, effect: MqttEffect, key: str, skill: str) -> None:
        """Return once the broker has acknowledged; the payload is ``{"key", "skill", "body"}`` as JSON.

        Raises:
            DeliveryError: No connection or no acknowledgement.
            EffectRejectedError: The broker refused the message.
            EgressRefusedError: The site forbids the connection.
        """
        self._egress(self._broker.host, self._broker.port)
        payload = json.dumps({"key": key, "skill": skill, "body": effect.body}, ensure_ascii=False).encode()
        name = f"{self._broker.client_id}-{skill}"
        refusal = _Exchange(self._broker, name, self._timeout_seconds).publish(effect.topic, payload)
        if refusal in _PATIENCE:
            raise DeliveryError(f"the broker cannot take a message to '{effect.topic}' now: {refusal}")
        if refusal is not None:
            raise EffectRejectedError(f"the broker refused a message to '{effect.topic}': {refusal}")


_PATIENCE: Final = frozenset({"Unspecified error", "Implementation specific error", "Quota exceeded"})


class _Exchange:
    """One connection for one message; effects are rare, and a fresh connection has no hidden state."""

    def __init__(self, broker: MqttBroker, client_id: str, timeout_seconds: float) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self._broker = broker
        self._timeout_seconds = timeout_seconds
        self._answers: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        self._client.connect_timeout = timeout_seconds
        if broker.tls:
            self._client.tls_set(broker.ca_file)
        if broker.username is not None:
            self._client.username_pw_set(broker.username, broker.password)
        self._client.on_connect = self._connected
        self._client.on_publish = self._published
        self._client.on_disconnect = self._disconnected

    def publish(self, topic: str, payload: bytes) -> str | None:
        """Connect, publish, wait for the acknowledgement; a refusal of the message is given by name."""
        where = f"broker {self._broker.host}:{self._broker.port}"
        try:
            self._client.connect(self._broker.host, self._broker.port)
        except (OSError, ValueError) as error:
            raise DeliveryError(f"{where}: {error}") from error
        self._client.loop_start()
        try:
            self._expect("connected", where)
            self._client.publish(topic, payload, qos=1)
            return self._expect("published", where, refusable=True)
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _expect(self, step: str, where: str, *, refusable: bool = False) -> str | None:
        try:
            seen, refusal = self._answers.get(timeout=self._timeout_seconds)
        except queue.Empty:
            raise DeliveryError(f"{where}: not {step} within {self._timeout_seconds:g} s") from None
        if seen != step or (refusal is not None and not refusable):
            raise DeliveryError(f"{where}: not {step}: {refusal or 'connection closed'}")
        return refusal

    def _connected(self, client: Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._answers.put(("connected", str(reason) if reason.is_failure else None))

    def _published(self, client: Client, data: Any, number: int, reason: ReasonCode, properties: Any) -> None:
        self._answers.put(("published", str(reason) if reason.is_failure else None))

    def _disconnected(
        self, client: Client, data: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        self._answers.put(("disconnected", str(reason)))
