"""What the device says again and again: which texts those are, and when they are filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nearfield_edge import phrases
from nearfield_edge.composition import load_skill_runtime, surroundings
from nearfield_edge.composition.prompts import prompt_texts
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.inference import InferenceExecutor
from nearfield_edge.phrases import fixed_phrases
from nearfield_edge.prompts import PromptFilling
from nearfield_edge.skills.replies import load_replies, template_environment
from nearfield_edge.turn import events as ev
from nearfield_models.tts.prompt_store import PromptStore
from nearfield_models.tts.prompt_voice import PromptVoice
from nearfield_sync.telemetry import Counters
from tests.edge.devices import staged
from tests.fakes.tts import ToneVoice

PROMPTS = ("one two three", "four five six")
ORDER = "can I have a large latte with whole milk please"


@pytest.fixture
def executor() -> Iterator[InferenceExecutor]:
    executor = InferenceExecutor()
    yield executor
    executor.close()


def kept_voice(folder: Path, tones: ToneVoice) -> PromptVoice:
    counters = Counters()
    store = PromptStore(folder, "tones 1", most_bytes=1_000_000, counters=counters)
    return PromptVoice(tones, store, PROMPTS, counters=counters)


def test_only_replies_without_anything_to_fill_in_are_fixed(tmp_path: Path) -> None:
    (tmp_path / "replies.yaml").write_text(
        "plain: ['all right.', 'very   well.']\n"
        "named: 'Hello {{ name }}.'\n"
        "chosen: '{% if late %}Good night.{% else %}Good day.{% endif %}'\n"
        "drawn: \"{{ ['heads', 'tails'] | random }}\"\n"
    )
    replies = load_replies(tmp_path / "replies.yaml", "greeter", template_environment())
    assert replies.fixed_texts == ("All right.", "Very well.")
    assert {replies.render("plain", {}, key=str(key)) for key in range(9)} == set(replies.fixed_texts)


def test_the_prompts_are_the_phrases_the_fixed_replies_and_what_the_site_lists(tmp_path: Path) -> None:
    raw = {"device": {"data": str(tmp_path)}, "prompts": {"texts": ["Welcome to the museum."]}}
    configuration = parse_configuration(raw, where="test")
    texts = prompt_texts(load_skill_runtime(surroundings(configuration)).skills.values(), configuration)
    assert texts[0] == phrases.NOT_UNDERSTOOD
    assert texts[-1] == "Welcome to the museum."
    assert {"I have cancelled the order.", "By how long?", "Whom shall I call?"} < set(texts)
    assert len(set(texts)) == len(texts) >= 20


def test_every_phrase_that_the_device_says_word_for_word_is_among_them() -> None:
    constants = {value for name, value in vars(phrases).items() if name.isupper() and isinstance(value, str)}
    assert len(constants) >= 4
    assert constants <= set(fixed_phrases())
    assert {phrases.apology(code).text for code in ("too_slow", "what nobody knows")} <= set(fixed_phrases())


async def test_everything_missing_is_filled_and_what_is_there_is_not_said_again(
    tmp_path: Path, executor: InferenceExecutor
) -> None:
    tones = ToneVoice()
    for _ in range(2):
        await PromptFilling(kept_voice(tmp_path, tones), executor, is_quiet=lambda: True).run()
    assert tones.said == list(PROMPTS)
    assert kept_voice(tmp_path, tones).missing() == ()


async def test_nothing_is_filled_while_somebody_speaks_and_what_was_begun_is_begun_anew(
    tmp_path: Path, executor: InferenceExecutor
) -> None:
    tones = ToneVoice()
    voice = kept_voice(tmp_path, tones)
    looks: list[int] = []
    rests: list[tuple[str, ...]] = []

    def is_quiet() -> bool:  # somebody comes at the third look, and is gone two looks later
        looks.append(len(looks))
        return len(looks) not in (3, 4)

    async def rest() -> None:
        rests.append(voice.missing())

    await PromptFilling(voice, executor, is_quiet=is_quiet, rest=rest).run()
    assert rests == [PROMPTS, PROMPTS]
    assert tones.said == [PROMPTS[0], *PROMPTS]
    assert voice.missing() == ()


async def test_a_prompt_that_the_voice_cannot_say_does_not_keep_the_others_from_being_filled(
    tmp_path: Path, executor: InferenceExecutor
) -> None:
    voice = kept_voice(tmp_path, ToneVoice(fails_on="two"))
    await PromptFilling(voice, executor, is_quiet=lambda: True).run()
    assert voice.missing() == (PROMPTS[0],)


async def test_a_filled_device_says_a_fixed_reply_without_its_model_and_keeps_no_other(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        assert isinstance(stage.voice, ToneVoice)
        await stage.device.fill_prompts()
        filled = list(stage.voice.said)
        before = sorted((tmp_path / "prompts").rglob("*.prompt"))
        assert phrases.NOT_UNDERSTOOD in filled
        assert len(before) == len(filled) > 10
        for text in ("what is love", ORDER):
            stage.device.agent.tell(ev.TextGiven(at=0, text=text))
            await stage.device.agent.rest()
        unknown, ordered = (record.reply for record in stage.records)
        assert unknown is not None
        assert unknown.text == phrases.NOT_UNDERSTOOD
        assert ordered is not None
        assert stage.voice.said == [*filled, ordered.text]
        assert sorted((tmp_path / "prompts").rglob("*.prompt")) == before


async def test_where_nothing_is_to_be_kept_nothing_is(tmp_path: Path) -> None:
    async with staged(tmp_path, tts=ToneVoice(fingerprint="")) as stage:
        await stage.device.fill_prompts()
        assert not (tmp_path / "prompts").exists()
