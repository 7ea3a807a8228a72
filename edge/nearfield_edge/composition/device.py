"""The device: its parts joined, and closed together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING

from nearfield_edge.agent import Agent, AgentParts, Watcher
from nearfield_edge.audio.clock import InputClock, PlaybackClock
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.cleaning import MicrophoneCleaning
from nearfield_edge.composition.knowledge import Knowledge
from nearfield_edge.composition.prompts import prompt_voice
from nearfield_edge.composition.stores import open_conversation
from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.dialogue import Dialogue
from nearfield_edge.ears import Ears
from nearfield_edge.engine_loading import Engines
from nearfield_edge.hearing import Hearing
from nearfield_edge.inference import InferenceExecutor, background_compute
from nearfield_edge.judging import TurnJudge
from nearfield_edge.keeping import StoredTurns
from nearfield_edge.life.memory import give_back_memory
from nearfield_edge.prompts import PromptFilling
from nearfield_edge.records.outbox_loop import OutboxLoop
from nearfield_edge.routing.policy import RoutingPolicy
from nearfield_edge.routing.router import Reach
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn.content import Answer
from nearfield_edge.turn.events import AnswerDue
from nearfield_edge.turn.state import Phase, TurnSettings
from nearfield_edge.understanding.guessing import GuessingInterpreter
from nearfield_edge.understanding.paraphrases import Paraphrases
from nearfield_edge.workers import RECORDED_LEAD_MS, WorkerParts
from nearfield_models.engines import load_phrase_wake, sentence_listener
from nearfield_models.pcm import SAMPLES_PER_MS
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeEngine
from nearfield_sync.messages.turn_record import TurnRecord

if TYPE_CHECKING:
    from nearfield_edge.composition.cloud import Cloud


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
        paraphrases: Paraphrases | None = None,
        watcher: Watcher | None = None,
        on_record: Callable[[TurnRecord], None] | None = None,
        on_kept: Callable[[TurnRecord, bool], None] | None = None,
        session: str | None = None,
        resume: bool = True,
        cleaning: MicrophoneCleaning | None = None,
        trace_parent: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Join the parts.

        Args:
            place: What every part shares.
            knowledge: Skills, grammar, policy and files; closed with the device.
            engines: The models; a part without its model does not work.
            sink: Where replies are heard.
            time: The time that the sink plays by.
            settings: How patient the device is.
            paraphrases: What guesses at words that are no sentence; None for nothing.
            watcher: Told of every event and command.
            on_record: Given the record of every turn when it is over.
            on_kept: Given it once it is stored, and whether there is sound of it.
            session: Begins the turns' ids; unique to this run if absent.
            resume: Whether the conversation of the last run goes on, if it is still alive.
            cleaning: What takes the loudspeaker's echo out of the microphone's sound; None for nothing.
            trace_parent: Gives a turn's span, by its id, as the cloud is told of it.
        """
        self._executor = InferenceExecutor()
        self._knowledge = knowledge
        self._engines = engines
        self.wake_phrases = _wake_phrases(place, engines)
        self.suggestions = tuple(
            text for skill in knowledge.skills.skills.values() for text in skill.manifest.suggestions
        )
        self.recordings = knowledge.recordings
        self.turns = knowledge.turns
        self.outbox = knowledge.outbox
        self.deliveries = OutboxLoop(self.outbox, place.now)
        self._paraphrases = paraphrases
        self._interpreter = _interpreter(place, knowledge.policy, engines, paraphrases, self._executor)
        self._dialogue = dialogue = Dialogue(
            grammar=knowledge.grammar,
            skills=knowledge.skills,
            outbox=self.outbox,
            policy=knowledge.policy,
            interpreter=self._interpreter,
            reach=lambda: Reach(
                restricted=place.egress.restricted and self.cloud is None,
                unlearned=paraphrases.unlearned if paraphrases is not None else "",
            ),
            now=place.now,
            memory=open_conversation(place),
            resume=resume,
            on_commit=self.deliveries.wake,
            around=self.wake_phrases,
        )
        self._hearing = _hearing(place, engines, dialogue)
        self._judge = None if engines.turn is None else TurnJudge(engines.turn)
        if self._judge is None:
            settings = replace(settings, judge_at_ms=())
        self.cloud = self._cloud(place, knowledge, trace_parent)
        memory = SoundMemory(_remembered_samples(settings))
        self._prompts = prompt_voice(place, knowledge.skills.skills.values(), engines.tts)
        work = WorkerParts(
            memory=memory,
            hearing=self._hearing,
            tts=self._prompts or engines.tts,
            dialogue=dialogue,
            sink=sink,
            executor=self._executor,
            judge=self._judge,
            time=time,
            clock=place.clock,
            beyond=None if self.cloud is None else self.cloud.beyond,
        )
        parts = AgentParts(
            ears=_ears(place, self._wake_engines(place, time), engines.vad, memory, cleaning),
            work=work,
            keeper=StoredTurns(self.turns, self.recordings, self._remembering(on_record), on_kept),
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
                **(paraphrases.versions if paraphrases is not None else {}),
            },
        )
        self.agent = Agent(parts, watcher)

    def _remembering(self, on_record: Callable[[TurnRecord], None] | None) -> Callable[[TurnRecord], None]:
        """A question to the cloud may go on with the turns before it."""

        def take(record: TurnRecord) -> None:
            if self.cloud is not None:
                self.cloud.recent.remember(record)
            if on_record is not None:
                on_record(record)

        return take

    async def warm_up(self) -> None:
        """Run every model once, so that the first turn is as fast as the others."""
        for engine in (self._engines.asr, self._engines.tts, self._engines.turn):
            if engine is not None:
                await asyncio.to_thread(engine.warm_up)
        if self._hearing is not None and self._hearing.sentences is not None:
            await asyncio.to_thread(self._hearing.sentences.warm_up)
        heard_as_text = self._hearing is not None and self._hearing.sentences is None
        if heard_as_text or self._paraphrases is not None:
            await self._interpreter.prepare(self._dialogue.sentences)
        await asyncio.to_thread(give_back_memory)

    async def learn(self) -> None:
        """Train what understands paraphrases where no earlier run has; the device works meanwhile."""
        if self._paraphrases is not None:
            await self._paraphrases.learn()

    async def fill_prompts(self) -> None:
        """Let the voice say what it will say again and again, while nobody speaks or waits."""
        if self._prompts is not None:
            await PromptFilling(self._prompts, self._executor, is_quiet=self._is_quiet).run()
            await asyncio.to_thread(give_back_memory)

    def _cloud(
        self, place: Surroundings, knowledge: Knowledge, trace_parent: Callable[[str], str | None]
    ) -> Cloud | None:
        if place.configuration.cloud.url is None:
            return None
        # Imported where there is a cloud: it is a third of all that is imported.
        from nearfield_edge.composition.cloud import open_cloud

        return open_cloud(
            place, knowledge, is_quiet=self._is_quiet, tell=self._tell, trace_parent=trace_parent
        )

    @property
    def cloud_files(self) -> tuple[Callable[[], object], ...]:
        """What erases from the cloud's files that which has been kept for too long."""
        files = (self._knowledge.answers, self._knowledge.questions)
        return tuple(file.prune for file in files if file is not None)

    def _tell(self, answer: Answer) -> None:
        """Say an answer that was promised for later."""
        self.agent.tell(AnswerDue(at=self.agent.state.at, answer=answer))

    def _is_quiet(self) -> bool:
        state = self.agent.state
        return state.turn is None and not state.speaking_now

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
        if self._judge is not None:
            await asyncio.to_thread(self._judge.close)
        self._knowledge.close()


def _wake_phrases(place: Surroundings, engines: Engines) -> list[str]:
    phrases = [phrase for wake in engines.wake for phrase in wake.capabilities.phrases]
    return phrases + list(place.configuration.wake.phrase)


def _interpreter(
    place: Surroundings,
    policy: RoutingPolicy,
    engines: Engines,
    paraphrases: Paraphrases | None,
    executor: InferenceExecutor,
) -> GuessingInterpreter:
    by_sound = engines.asr is not None and place.configuration.understanding.by_sound
    return GuessingInterpreter(executor, policy, paraphrases=paraphrases, by_sound=by_sound)


def _hearing(place: Surroundings, engines: Engines, dialogue: Dialogue) -> Hearing | None:
    if engines.asr is None:
        return None
    grammar = dialogue.expected().grammar
    listener = sentence_listener(engines.asr, grammar, pack_id=place.configuration.engines.asr)
    return Hearing(asr=engines.asr, sentences=listener, expected=dialogue.expected)


def _remembered_samples(settings: TurnSettings) -> int:
    """The longest turn with what comes before it and after it, and two seconds for a slow reader."""
    around_ms = settings.wake_lead_ms + RECORDED_LEAD_MS + settings.reopen_ms + 2_000
    return (settings.endpoint.longest_turn_ms + around_ms) * SAMPLES_PER_MS


def _ears(
    place: Surroundings,
    wake: Sequence[WakeEngine],
    vad: VadEngine | None,
    memory: SoundMemory,
    cleaning: MicrophoneCleaning | None,
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
        cleaning=cleaning,
    )
