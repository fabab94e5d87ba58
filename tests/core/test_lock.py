"""One run at a time, and nobody waits for a process that has ended."""

import os
import signal
import subprocess
import sys
import time

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.lock import LOCK_FILE, hold_alone

HOLD = """
import time
from pratique.core.lock import hold_alone
with hold_alone():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def holder():
    """A process that holds the lock."""
    path = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_says_who_holds_the_lock(holder):
    with (
        pytest.raises(PratiqueError, match=rf"data/\.lock: `-c` \(process {holder.pid} on .*\) is at work here"),
        hold_alone(),
    ):
        pass
    assert LOCK_FILE.exists()


def test_a_process_that_was_killed_holds_nothing(holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert LOCK_FILE.exists()
    with hold_alone():
        pass
    assert not LOCK_FILE.exists()


def test_it_is_held_once_and_again_once_it_is_free():
    with hold_alone():
        began = time.monotonic()
        with pytest.raises(PratiqueError, match="is at work here"), hold_alone(wait=0.1):
            pass
        assert time.monotonic() - began >= 0.1
    for _ in range(2):
        with hold_alone():
            assert LOCK_FILE.exists()


def test_what_is_decorated_is_done_alone():
    @hold_alone()
    def work():
        with pytest.raises(PratiqueError, match="is at work here"), hold_alone():
            pass
        return 3

    assert (work(), work()) == (3, 3)
