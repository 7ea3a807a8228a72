from __future__ import annotations

import platform
import subprocess
import sys

import pytest

LEARN = """
import sys, threading
import numpy, psutil
from nearfield_edge.life.memory import give_back_memory, share_one_heap

if sys.argv[1] == "one heap":
    assert share_one_heap()

def learn():
    for _ in range(3):  # the C library gives the first large block back at once, and keeps later ones
        block = numpy.ones(1_500_000)
        del block

thread = threading.Thread(target=learn)
thread.start()
thread.join()
give_back_memory()
print(psutil.Process().memory_info().rss)
"""


def held_after_learning(heaps: str) -> int:
    command = [sys.executable, "-c", LEARN, heaps]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has heaps for threads")
def test_what_a_thread_has_learned_with_is_given_back_where_all_share_one_heap() -> None:
    assert held_after_learning("one heap") < held_after_learning("many heaps") - 6_000_000
