from __future__ import annotations

import pytest

from tools.bench.idle import learning_is_over

READY = '{"event": "device_ready", "level": "info"}'


@pytest.mark.parametrize("event", ["paraphrases_learned", "paraphrases_missing"])
def test_the_watch_begins_when_the_device_has_learned_or_cannot(event: str) -> None:
    log = [READY, '{"event": "paraphrases_learning", "level": "info"}']
    assert not learning_is_over(log)
    assert learning_is_over([*log, f'{{"event": "{event}", "level": "info"}}'])


def test_what_a_library_prints_and_what_is_half_written_says_nothing() -> None:
    assert not learning_is_over([READY, "INFO: paraphrases_learned", '{"event": "paraphrases_learned", "le'])
