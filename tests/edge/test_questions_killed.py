"""A device that is killed at any moment of asking a question that waited asks it once, or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.edge.cloud_process import CloudProcess, running_cloud

MOST_MOMENTS = 40


@pytest.fixture
def cloud() -> Iterator[CloudProcess]:
    with running_cloud() as cloud:
        yield cloud


def device(file: Path, cloud: CloudProcess, moment: int, *, resume: bool = False) -> tuple[bool, str]:
    """Run a device until it ends or is killed: whether it was killed, and what it printed."""
    arguments = [str(file), cloud.url, str(moment), *(["resume"] if resume else [])]
    done = subprocess.run(
        [sys.executable, "-m", "tests.edge.question_child", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0, done.stdout


@pytest.mark.server
async def test_a_question_is_asked_once_at_whatever_moment_the_device_is_killed(
    tmp_path: Path, cloud: CloudProcess
) -> None:
    ends: list[tuple[int, str]] = []
    for moment in range(1, MOST_MOMENTS):
        folder = tmp_path / f"moment-{moment}"
        was_killed, said = device(folder / "questions.sqlite", cloud, moment)
        _, resumed = device(folder / "questions.sqlite", cloud, 0, resume=True)
        asked = [
            told
            for told in (await cloud.log())["asked"]
            if told["metadata"]["nearfield_key"] == f"{folder.name}/0"
        ]
        state, reason = json.loads(resumed.splitlines()[-1]).get(f"{folder.name}/0", ["", ""])
        assert len(asked) <= 1, f"killed at moment {moment}: asked {len(asked)} times"
        assert state or "promised" not in said, f"killed at moment {moment}: a kept question is lost"
        assert state in ("", "answered", "given_up")
        assert state != "answered" or len(asked) == 1
        assert state != "given_up" or "stopped while" in reason
        ends.append((len(asked), state))
        if not was_killed:
            break
    # Before it was durable nothing is asked; just after, it is asked after the start; from then on it is
    # asked at most once, and given up where its fate is not known.
    assert ends[0] == (0, "")
    assert ends[1] == (1, "answered")
    assert (0, "given_up") in ends
    assert (1, "given_up") in ends
    assert ends[-1] == (1, "answered")
