"""The files that the device keeps: turns, recordings, the conversation, effects and what delivers them."""

from __future__ import annotations

from datetime import timedelta

from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.configuration import Configuration
from nearfield_edge.errors import ConfigurationError
from nearfield_edge.escalation.answers import AnswerCache
from nearfield_edge.escalation.files import answers_file, open_answers, open_questions
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.keys import FileKeyStore
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.records.recordings import RecordingOptions, Recordings
from nearfield_edge.records.retention import Retention
from nearfield_edge.records.turns import TurnBelongings, TurnStore
from nearfield_edge.skills.delivery import EffectDelivery
from nearfield_edge.skills.http_delivery import HttpDelivery
from nearfield_edge.skills.mqtt_delivery import MqttBroker, MqttDelivery
from nearfield_edge.skills.runtime import SkillRuntime


def open_recordings(place: Surroundings) -> Recordings:
    """The folder of recordings."""
    data, kept = place.configuration.device.data, place.configuration.records
    return Recordings(
        data / "recordings",
        FileKeyStore(place.configuration.device.recordings_key),
        options=RecordingOptions(
            enabled=kept.sound,
            longest_age=timedelta(days=kept.sound_keep_days),
            most_bytes=kept.sound_keep_megabytes * 1024 * 1024,
        ),
        clock=place.clock,
        counters=place.counters,
    )


def open_turns(place: Surroundings, *belongings: TurnBelongings) -> TurnStore:
    """The store of turn records.

    Args:
        place: What every part shares.
        belongings: What goes with each turn. Where turns are erased by request, effects are among them; by
            age they have a rule of their own (`EffectStore.prune`).

    Raises:
        RecordError: It cannot be opened.
    """
    kept = place.configuration.records
    return TurnStore(
        place.configuration.device.data / "turns.sqlite",
        clock=place.clock,
        counters=place.counters,
        retention=Retention(longest=timedelta(days=kept.keep_days), most=kept.keep_turns),
        belongings=belongings,
    )


def open_cloud_files(place: Surroundings) -> tuple[AnswerCache, QuestionQueue] | None:
    """What is kept of the cloud's answers and of questions for it; None where there never was a cloud.

    Raises:
        RecordError: They cannot be opened, or were sealed with another key.
    """
    configuration = place.configuration
    if configuration.cloud.url is None and not answers_file(configuration).exists():
        return None
    clock, counters = place.clock, place.counters
    return (
        open_answers(configuration, clock=clock, counters=counters),
        open_questions(configuration, clock=clock, counters=counters),
    )


def open_conversation(place: Surroundings) -> ConversationFile:
    """What was said last, for the next start."""
    return ConversationFile(place.configuration.device.data / "conversation.json")


def open_effects(place: Surroundings) -> EffectStore:
    """The store of effects, without what delivers them.

    Raises:
        RecordError: It cannot be opened.
    """
    return EffectStore(place.configuration.device.effects_file)


def open_outbox(place: Surroundings, skills: SkillRuntime) -> Outbox:
    """The store of effects, with what delivers them.

    Raises:
        RecordError: It cannot be opened.
        ConfigurationError: The broker's password cannot be read.
    """
    broker = _broker(place.configuration)
    mqtt = MqttDelivery(broker, place.egress.check) if broker is not None else None
    delivery = EffectDelivery(skills, HttpDelivery(place.egress.check), mqtt)
    return Outbox(open_effects(place), delivery, place.counters)


def _broker(configuration: Configuration) -> MqttBroker | None:
    mqtt = configuration.mqtt
    if mqtt.host is None:
        return None
    password = None
    if mqtt.password_file is not None:
        try:
            password = mqtt.password_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"mqtt.password_file {mqtt.password_file} cannot be read: {error}"
            ) from error
    return MqttBroker(
        host=mqtt.host,
        port=mqtt.port,
        client_id=configuration.device.id,
        tls=mqtt.tls,
        ca_file=str(mqtt.ca_file) if mqtt.ca_file else None,
        username=mqtt.username,
        password=password,
    )
