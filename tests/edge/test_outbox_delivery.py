from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from nearfield_edge.errors import (
    DeliveryError,
    EffectRejectedError,
    EgressRefusedError,
    PermissionRefusedError,
)
from nearfield_edge.records.outbox_entry import OutboxEntry
from nearfield_edge.skills.api import Effect, FunctionEffect, HttpEffect, MqttEffect
from nearfield_edge.skills.delivery import EffectDelivery
from nearfield_edge.skills.effects import effect_to_json
from nearfield_edge.skills.http_delivery import HttpDelivery
from nearfield_edge.skills.mqtt_delivery import MqttBroker, MqttDelivery
from nearfield_edge.skills.permissions import PermissionGuard, Permissions, origin_of
from tests.edge.mosquitto import running_broker
from tests.edge.order_server import Till, running_till
from tests.edge.skill_folders import load_probe, runtime_of

pytestmark = pytest.mark.server
NOW = datetime(2026, 3, 6, tzinfo=UTC)


def anywhere(host: str, port: int) -> None:
    """No restriction of the site."""


@pytest.fixture
def till() -> Iterator[Till]:
    with running_till() as running:
        yield running


def send(till: Till, *also: str) -> None:
    """Post an order to the till, whose origin (and those named) the skill has declared."""
    permissions = Permissions(skill="coffee", network=frozenset(origin_of(url) for url in (till.url, *also)))
    effect = HttpEffect(method="POST", url=f"{till.url}/orders", body={"drink": "crème"})
    HttpDelivery(anywhere, timeout_seconds=2).send(effect, "turn/0/0", permissions)


def test_an_order_arrives_with_its_key(till: Till) -> None:
    send(till)
    assert till.requests == [("POST", "/orders", "turn/0/0", {"drink": "crème"})]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_server_that_asks_for_patience_gets_it(till: Till, status: int) -> None:
    till.answers = [(status, {})]
    with pytest.raises(DeliveryError, match=f"answered {status}: tried again later"):
        send(till)


@pytest.mark.parametrize("status", [301, 303, 304, 400, 404, 409, 422])
def test_a_server_that_will_not_take_it_is_believed(till: Till, status: int) -> None:
    till.answers = [(status, {"Location": "/elsewhere"})]
    with pytest.raises(EffectRejectedError, match=f"answered {status}"):
        send(till)
    assert len(till.requests) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_within_the_declared_host_is_followed_with_the_same_key(till: Till, status: int) -> None:
    till.answers = [(status, {"Location": "/v2/orders"})]
    send(till)
    assert [request[1:3] for request in till.requests] == [
        ("/orders", "turn/0/0"),
        ("/v2/orders", "turn/0/0"),
    ]


def test_a_redirect_to_another_host_is_not_followed(till: Till) -> None:
    with running_till() as other:
        till.answers = [(307, {"Location": f"{other.url}/orders"})]
        with pytest.raises(EffectRejectedError, match="which the skill does not declare"):
            send(till)
        assert other.requests == []
        till.answers = [(307, {"Location": f"{other.url}/orders"})]
        send(till, other.url)
        assert list(other.orders) == ["turn/0/0"]


def test_redirects_in_a_circle_end(till: Till) -> None:
    till.answers = [(307, {"Location": "/orders"})] * 10
    with pytest.raises(EffectRejectedError, match="answered 307"):
        send(till)
    assert len(till.requests) == 4


def test_no_server_and_a_silent_server_are_tried_again_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        effect = HttpEffect(method="POST", url=url)
        permissions = Permissions(skill="coffee", network=frozenset({origin_of(url)}))
        with pytest.raises(DeliveryError, match="ReadTimeout"):
            HttpDelivery(anywhere, timeout_seconds=0.1).send(effect, "k", permissions)
    with pytest.raises(DeliveryError, match="ConnectError"):
        HttpDelivery(anywhere).send(effect, "k", permissions)


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    stopped = threading.Event()

    def flood(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while True:
                    connection.sendall(b"x" * 65_536)
            except OSError:
                stopped.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        thread = threading.Thread(target=flood, args=(server,))
        thread.start()
        permissions = Permissions(skill="coffee", network=frozenset({origin_of(url)}))
        HttpDelivery(anywhere).send(HttpEffect(method="POST", url=url), "k", permissions)
        assert stopped.wait(5)
        thread.join()


def test_a_site_that_forbids_the_connection_is_obeyed(till: Till) -> None:
    def nowhere(host: str, port: int) -> None:
        raise EgressRefusedError(f"{host}:{port} is not on the egress list")

    permissions = Permissions(skill="coffee", network=frozenset({origin_of(till.url)}))
    with pytest.raises(EgressRefusedError):
        HttpDelivery(nowhere).send(HttpEffect(method="POST", url=till.url), "k", permissions)
    assert till.requests == []


def broker_at(port: int) -> MqttBroker:
    return MqttBroker(host="127.0.0.1", port=port, client_id="device", tls=False)


def test_a_message_is_published_and_acknowledged(tmp_path: Path) -> None:
    with running_broker(tmp_path) as port:
        arrived: queue.SimpleQueue[tuple[str, bytes | bytearray]] = queue.SimpleQueue()
        subscribed = threading.Event()
        listener = paho.Client(CallbackAPIVersion.VERSION2)
        listener.on_message = lambda client, data, message: arrived.put((message.topic, message.payload))
        listener.on_subscribe = lambda *arguments: subscribed.set()
        listener.connect("127.0.0.1", port)
        listener.subscribe("desk/#", qos=1)
        listener.loop_start()
        assert subscribed.wait(5)
        effect = MqttEffect(topic="desk/calls", body={"person": "Maria"})
        MqttDelivery(broker_at(port), anywhere).publish(effect, "turn/0/0", "visit")
        topic, payload = arrived.get(timeout=5)
        listener.disconnect()
        listener.loop_stop()
    assert topic == "desk/calls"
    assert json.loads(payload) == {"key": "turn/0/0", "skill": "visit", "body": {"person": "Maria"}}


def test_a_topic_that_the_broker_forbids_is_rejected(tmp_path: Path) -> None:
    with (
        running_broker(tmp_path, rules="topic write desk/#") as port,
        pytest.raises(EffectRejectedError, match="refused a message to 'door/open': Not authorized"),
    ):
        MqttDelivery(broker_at(port), anywhere).publish(MqttEffect(topic="door/open"), "k", "visit")


def test_a_broker_that_is_away_or_silent_is_tried_again_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        delivery = MqttDelivery(broker_at(silent.getsockname()[1]), anywhere, timeout_seconds=0.2)
        with pytest.raises(DeliveryError, match=r"not connected within 0\.2 s"):
            delivery.publish(MqttEffect(topic="t"), "k", "visit")
    with pytest.raises(DeliveryError, match="refused"):
        delivery.publish(MqttEffect(topic="t"), "k", "visit")


PROBE = """
effect_functions = ["probe:act"]
[permissions]
network = ["{settings.url}"]
publish = ["desk/#"]
[settings]
url = { type = "text", default = "http://127.0.0.1:1" }
[intents.try]
reply = "done"
"""


@pytest.fixture
def delivery(tmp_path: Path, guard: PermissionGuard, till: Till) -> EffectDelivery:
    python = "def act(call):\n    if call.arguments: raise OSError(call.key)\n"
    skill = load_probe(tmp_path, guard, manifest=PROBE, settings={"url": till.url}, python=python)
    return EffectDelivery(runtime_of([skill], guard), HttpDelivery(anywhere), None)


def entry(effect: Effect, skill: str = "probe") -> OutboxEntry:
    return OutboxEntry(
        key="k", turn_id="t", skill=skill, state="committed", content=effect_to_json(effect), attempts=0,
        rejections=0, due_ms=0, first_attempt_ms=None, reason=None,
    )  # fmt: skip


def test_each_kind_of_effect_finds_its_way(delivery: EffectDelivery, till: Till) -> None:
    delivery.deliver(entry(HttpEffect(method="POST", url=till.url)), NOW)
    assert list(till.orders) == ["k"]
    delivery.deliver(entry(FunctionEffect(function="probe:act")), NOW)
    with pytest.raises(DeliveryError, match="OSError: k"):
        delivery.deliver(entry(FunctionEffect(function="probe:act", arguments={"fail": True})), NOW)
    with pytest.raises(EffectRejectedError, match="no broker is configured"):
        delivery.deliver(entry(MqttEffect(topic="desk/x")), NOW)


def test_permissions_are_looked_at_again_when_an_effect_is_delivered(delivery: EffectDelivery) -> None:
    with pytest.raises(PermissionRefusedError, match="may not reach"):
        delivery.deliver(entry(HttpEffect(method="POST", url="https://other.example")), NOW)
    with pytest.raises(PermissionRefusedError, match="may not publish"):
        delivery.deliver(entry(MqttEffect(topic="door/open")), NOW)
    with pytest.raises(DeliveryError, match="skill gone is not enabled"):
        delivery.deliver(entry(MqttEffect(topic="desk/x"), skill="gone"), NOW)
