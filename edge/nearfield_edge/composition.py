"""Building the device from its configuration: the one place where parts are chosen and joined."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from types import TracebackType
from zoneinfo import ZoneInfo

from nearfield_edge.agent import Agent, AgentParts, Watcher
from nearfield_edge.audio.clock import InputClock, PlaybackClock
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.configuration import Configuration
from nearfield_edge.dialogue import Dialogue
from nearfield_edge.ears import Ears
from nearfield_edge.engine_loading import Engines
from nearfield_edge.errors import ConfigurationError
from nearfield_edge.hearing import Hearing
from nearfield_edge.inference import InferenceExecutor, background_compute
from nearfield_edge.keeping import StoredTurns
from nearfield_edge.life.egress import Egress
from nearfield_edge.life.memory import give_back_memory
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.keys import FileKeyStore
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.records.outbox_loop import OutboxLoop
from nearfield_edge.records.recordings import RecordingOptions, Recordings
from nearfield_edge.records.retention import Retention
from nearfield_edge.records.turns import TurnBelongings, TurnStore
from nearfield_edge.routing.policy import RoutingPolicy, read_policy
from nearfield_edge.routing.router import Reach
from nearfield_edge.skills.delivery import EffectDelivery
from nearfield_edge.skills.http_delivery import HttpDelivery
from nearfield_edge.skills.loading import load_skills, shipped_skills_folder
from nearfield_edge.skills.mqtt_delivery import MqttBroker, MqttDelivery
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.skills.runtime import SkillRuntime
from nearfield_edge.skills.worker import FunctionWorker
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn.endpoint import EndpointSettings
from nearfield_edge.turn.state import Mode, Phase, TurnSettings
from nearfield_edge.workers import RECORDED_LEAD_MS, WorkerParts
from nearfield_models.engines import load_phrase_wake, sentence_listener
from nearfield_models.grammar.compiler import SentenceSource, compile_grammar
from nearfield_models.grammar.grammar import Grammar, ListValue
from nearfield_models.pcm import SAMPLES_PER_MS
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeEngine
from nearfield_sync.clock import Clock, SystemClock
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every part shares."""

    configuration: Configuration
    clock: Clock
    counters: Counters
    egress: Egress

    def now(self) -> datetime:
        """The site's time."""
        return self.clock.utc_now().astimezone(ZoneInfo(self.configuration.device.time_zone))


def surroundings(configuration: Configuration, clock: Clock | None = None) -> Surroundings:
    """Clock, counters and the site's word on connections.

    Raises:
        ConfigurationError: The egress list cannot be read.
    """
    counters = Counters()
    device = configuration.device
    egress = Egress(restricted=device.site_mode == "restricted", allowed=device.egress, counters=counters)
    return Surroundings(
        configuration=configuration, clock=clock or SystemClock(), counters=counters, egress=egress
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the device knows and keeps, without its models: it can be made while they load."""

    skills: SkillRuntime
    grammar: Grammar
    policy: RoutingPolicy
    recordings: Recordings
    turns: TurnStore
    outbox: Outbox


def gather_knowledge(place: Surroundings) -> Knowledge:
    """Load skills, compile what can be said, open the device's files.

    Raises:
        SkillError: A skill's folder is wrong.
        GrammarError: A skill's sentences are wrong.
        RecordError: The device's files cannot be opened.
        ConfigurationError: The routing policy or the broker's credentials cannot be read.
    """
    policy = read_policy(place.configuration.policy.file)
    skills = load_skill_runtime(place)
    grammar = grammar_of(skills)
    recordings = open_recordings(place)
    return Knowledge(
        skills=skills,
        grammar=grammar,
        policy=policy,
        recordings=recordings,
        turns=open_turns(place, recordings),
        outbox=open_outbox(place, skills),
    )


class Device:
    """An agent with its files; used as an asynchronous context, which closes them."""

    def __init__(
        self,
        place: Surroundings,
        knowledge: Knowledge,
        *,
        engines: Engines,
        sink: AudioSink,
        time: PlaybackClock,
        settings: TurnSettings,
        watcher: Watcher | None = None,
        on_record: Callable[[TurnRecord], None] | None = None,
        session: str | None = None,
        resume: bool = True,
    ) -> None:
        """Join the parts.

        Args:
            place: What every part shares.
            knowledge: Skills, grammar, policy and files; closed with the device.
            engines: The models; a part without its model does not work.
            sink: Where replies are heard.
            time: The time that the sink plays by.
            settings: How patient the device is.
            watcher: Told of every event and command.
            on_record: Given the record of every turn when it is over.
            session: Begins the turns' ids; unique to this run if absent.
            resume: Whether the conversation of the last run goes on, if it is still alive.
        """
        self._executor = InferenceExecutor()
        self._engines = engines
        self.recordings = knowledge.recordings
        self.turns = knowledge.turns
        self.outbox = knowledge.outbox
        self.deliveries = OutboxLoop(self.outbox, place.now)
        dialogue = Dialogue(
            grammar=knowledge.grammar,
            skills=knowledge.skills,
            outbox=self.outbox,
            policy=knowledge.policy,
            reach=lambda: Reach(restricted=place.egress.restricted),
            now=place.now,
            memory=open_conversation(place),
            resume=resume,
            on_commit=self.deliveries.wake,
        )
        self._hearing = _hearing(place, knowledge.grammar, engines, dialogue)
        memory = SoundMemory(_remembered_samples(settings))
        work = WorkerParts(
            memory=memory,
            hearing=self._hearing,
            tts=engines.tts,
            dialogue=dialogue,
            sink=sink,
            executor=self._executor,
            time=time,
        )
        parts = AgentParts(
            ears=_ears(place, self._wake_engines(place, time), engines.vad, memory),
            work=work,
            keeper=StoredTurns(self.turns, self.recordings, on_record),
            clock=place.clock,
            counters=place.counters,
            settings=settings,
            session=session or f"{place.now():%Y%m%d}-{secrets.token_hex(4)}",
            device_id=place.configuration.device.id,
            versions={
                "nearfield": version("nearfield"),
                "policy": knowledge.policy.version,
                **knowledge.skills.versions(),
                **engines.versions,
            },
        )
        self.agent = Agent(parts, watcher)

    async def warm_up(self) -> None:
        """Run every model once, so that the first turn is as fast as the others."""
        for engine in (self._engines.asr, self._engines.tts):
            if engine is not None:
                await asyncio.to_thread(engine.warm_up)
        if self._hearing is not None and self._hearing.sentences is not None:
            await asyncio.to_thread(self._hearing.sentences.warm_up)
        await asyncio.to_thread(give_back_memory)

    def _wake_engines(self, place: Surroundings, time: PlaybackClock) -> tuple[WakeEngine, ...]:
        asr, vad, wake = self._engines.asr, self._engines.phrase_vad, place.configuration.wake
        if asr is None or vad is None:
            return self._engines.wake
        # A recording's own time stands still while the phrase is looked for; real time does not wait.
        in_background = background_compute(self._executor, unless=self._is_listening)
        compute = None if isinstance(time, InputClock) else in_background
        phrase = load_phrase_wake(
            wake.phrase, asr=asr, vad=vad, sensitivity=wake.sensitivity, compute=compute
        )
        return (*self._engines.wake, phrase)

    def _is_listening(self) -> bool:
        """Whether somebody is listened to, so that no wake phrase is heeded."""
        turn = self.agent.state.turn
        return turn is not None and turn.phase is Phase.LISTENING

    async def __aenter__(self) -> Device:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.agent.close()
        await asyncio.to_thread(self._executor.close)
        self.turns.close()
        self.outbox.close()


def _hearing(place: Surroundings, grammar: Grammar, engines: Engines, dialogue: Dialogue) -> Hearing | None:
    if engines.asr is None:
        return None
    phrases = [phrase for wake in engines.wake for phrase in wake.capabilities.phrases]
    phrases += place.configuration.wake.phrase
    listener = sentence_listener(
        engines.asr, grammar.with_skip_phrases(phrases), pack_id=place.configuration.engines.asr
    )
    return Hearing(asr=engines.asr, sentences=listener, contexts=dialogue.contexts)


def _remembered_samples(settings: TurnSettings) -> int:
    """The longest turn with what comes before it and after it, and two seconds for a slow reader."""
    around_ms = settings.wake_lead_ms + RECORDED_LEAD_MS + settings.reopen_ms + 2_000
    return (settings.endpoint.longest_turn_ms + around_ms) * SAMPLES_PER_MS


def _ears(
    place: Surroundings, wake: Sequence[WakeEngine], vad: VadEngine | None, memory: SoundMemory
) -> Ears:
    settings = place.configuration.vad
    segmentation = SegmentationSettings(
        onset=settings.onset, offset=settings.offset, onset_ms=settings.onset_ms
    )
    return Ears(
        wake=wake,
        vad=vad,
        segmenter=SpeechSegmenter(segmentation),
        memory=memory,
        counters=place.counters,
    )


def turn_settings(configuration: Configuration, *, loudspeaker: bool) -> TurnSettings:
    """The turn engine's limits; with a loudspeaker and no echo cancellation the device is half duplex."""
    turn = configuration.turn
    return TurnSettings(
        mode=Mode(configuration.wake.mode),
        endpoint=EndpointSettings(
            end_silence_ms=turn.end_silence_ms,
            no_speech_ms=turn.no_speech_ms,
            longest_turn_ms=turn.longest_turn_ms,
        ),
        pre_roll_ms=turn.pre_roll_ms,
        post_roll_ms=turn.post_roll_ms,
        partial_every_ms=turn.partial_every_ms,
        reopen_ms=turn.reopen_ms,
        follow_up_ms=turn.follow_up_ms,
        think_ms=turn.think_ms,
        longest_reply_ms=turn.longest_reply_ms,
        half_duplex=loudspeaker if turn.half_duplex is None else turn.half_duplex,
    )


def load_skill_runtime(place: Surroundings) -> SkillRuntime:
    """Load the enabled skills.

    Raises:
        SkillError: A skill's folder is wrong.
    """
    guard = PermissionGuard()
    configured = place.configuration.skills
    skills = load_skills(
        [shipped_skills_folder(), *configured.folders],
        enabled=configured.enabled,
        settings=configured.settings,
        data_folder=place.configuration.device.data / "skills",
        guard=guard,
    )
    worker = FunctionWorker(guard, place.counters)
    return SkillRuntime(skills, worker, lifetime_seconds=configured.expire_seconds)


def grammar_of(skills: SkillRuntime) -> Grammar:
    """Compile all that can be said to the skills.

    Raises:
        GrammarError: A sentence is wrong.
        SkillError: A list that is filled at run time cannot be had.
    """
    sources = [SentenceSource(skill=skill.id, templates=skill.sentences) for skill in skills.skills.values()]
    lists: Mapping[str, Mapping[str, Sequence[ListValue]]] = skills.lists()
    return compile_grammar(sources, lists)


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
