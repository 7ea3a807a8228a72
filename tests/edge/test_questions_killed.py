"""A device that is killed at any moment of asking a question that waited asks it once, or not at all."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.question_loop import QuestionLoop
from tests.conftest import ROOT
from tests.edge.cloud_process import CloudProcess, Wiring, running, running_cloud
from tests.edge.question_child import queue_at

MOST_MOMENTS = 40


@pytest.fixture
def cloud() -> Iterator[CloudProcess]:
    with running_cloud() as cloud:
        yield cloud


async def device(file: Path, cloud: CloudProcess, moment: int) -> tuple[bool, bool]:
    """Run a device until it ends or is killed: whether it was killed, and whether it had promised."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.edge.question_child", str(file), cloud.url, str(moment)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        said, complained = await child.communicate()
    assert child.returncode in {0, -signal.SIGKILL}, complained.decode()
    return child.returncode != 0, b"promised" in said


async def after_a_start(file: Path, link: CloudLink) -> tuple[str, str]:
    """What a device does after a start, and what became of the question."""
    with closing(queue_at(file)) as queue:
        queue.recover()
        loop = QuestionLoop(queue, link, may_ask=lambda: True)
        while await loop.ask_next():
            pass
        settled = queue.all()
    return (settled[0].state, settled[0].reason) if settled else ("", "")


@pytest.mark.server
async def test_a_question_is_asked_once_at_whatever_moment_the_device_is_killed(
    tmp_path: Path, cloud: CloudProcess
) -> None:
    (tmp_path / "key").write_text("a-key")
    ends: list[tuple[int, str]] = []
    async with running(Wiring(cloud.url, tmp_path / "key").link("websocket")) as link:
        await link.line.until("warm")
        for moment in range(1, MOST_MOMENTS):
            file = tmp_path / f"moment-{moment}" / "questions.sqlite"
            was_killed, promised = await device(file, cloud, moment)
            state, reason = await after_a_start(file, link)
            key = f"moment-{moment}/0"
            log = (await cloud.log())["asked"]
            asked = sum(told["metadata"]["nearfield_key"] == key for told in log)
            assert asked <= 1, f"killed at moment {moment}: asked {asked} times"
            assert state or not promised, f"killed at moment {moment}: a kept question is lost"
            assert state in ("", "answered", "given_up")
            assert state != "answered" or asked == 1
            assert state != "given_up" or "stopped while" in reason
            ends.append((asked, state))
            if not was_killed:
                break
    # Before it was durable nothing is asked; just after, it is asked after the start; from then on it is
    # asked at most once, and given up where its fate is not known.
    assert ends[0] == (0, "")
    assert ends[1] == (1, "answered")
    assert (0, "given_up") in ends
    assert (1, "given_up") in ends
    assert ends[-1] == (1, "answered")
