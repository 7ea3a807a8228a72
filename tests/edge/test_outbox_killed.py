from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.edge.order_server import Till, running_till

MOST_MOMENTS = 30


@pytest.fixture
def till() -> Iterator[Till]:
    with running_till() as running:
        yield running


def device(file: Path, till: Till, moment: int, *, resume: bool = False) -> tuple[bool, bool]:
    """Run a device until it ends or is killed.

    Returns:
        Whether it was killed, and whether it had promised the order.
    """
    arguments = [str(file), till.url, str(moment), *(["resume"] if resume else [])]
    done = subprocess.run(
        [sys.executable, "-m", "tests.edge.outbox_child", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0, "promised" in done.stdout


@pytest.mark.server
def test_an_order_is_sent_once_at_whatever_moment_the_device_is_killed(tmp_path: Path, till: Till) -> None:
    seen: list[tuple[bool, int, int]] = []
    for moment in range(1, MOST_MOMENTS):
        till.orders.clear()
        till.requests.clear()
        file = tmp_path / str(moment) / "outbox.db"
        was_killed, promised = device(file, till, moment)
        device(file, till, 0, resume=True)
        assert len(till.orders) == 1 or not promised, f"killed at moment {moment}: a promised order is lost"
        assert len(till.orders) <= 1, f"killed at moment {moment}: {till.orders}"
        seen.append((promised, len(till.orders), len(till.requests)))
        if not was_killed:
            break
    # Killed before staging was durable nothing was promised and nothing is sent; just after it the order
    # goes out though the promise was not heard; between answer and note it is asked twice and taken once.
    assert seen[0] == (False, 0, 0)
    assert seen[1] == (False, 1, 1)
    assert (True, 1, 2) in seen
    assert seen[-1] == (True, 1, 1)
    assert len(seen) == 9


@pytest.mark.server
def test_a_device_that_is_killed_again_and_again_sends_the_order_once(tmp_path: Path, till: Till) -> None:
    for promised_at in (2, 3, 5):
        till.orders.clear()
        file = tmp_path / str(promised_at) / "outbox.db"
        device(file, till, promised_at)
        for moment in range(1, MOST_MOMENTS):
            was_killed, _ = device(file, till, moment, resume=True)
            assert len(till.orders) <= 1
            if not was_killed:
                break
        assert len(till.orders) == 1
