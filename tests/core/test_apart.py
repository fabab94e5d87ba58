"""Work in a process of its own: it ends with its time and its memory, whatever code it is in."""

import ctypes
import os
import re
import signal
import time
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path

import numpy as np
import pytest
from pratique.core import apart
from pratique.core.apart import EndedEarly, TimeOver, run_apart
from pratique.core.errors import PratiqueError

A_GIB = 2**27
"""Numbers of 8 bytes."""


def sleep_in_c() -> bytes:
    ctypes.CDLL(None).sleep(60)
    return b""


def match_catastrophically() -> bytes:
    return bytes(re.match(r"(a+)+$", "a" * 40 + "b") is None)


def sleep_whatever_happens() -> bytes:
    while True:
        try:
            time.sleep(60)
        except BaseException:
            time.sleep(60)


@pytest.mark.parametrize("work", [sleep_in_c, match_catastrophically, sleep_whatever_happens])
def test_what_takes_too_long_is_ended_whatever_code_it_is_in(work):
    began = time.monotonic()
    with pytest.raises(TimeOver):
        run_apart(work, (), 0.1, 8)
    assert time.monotonic() - began < 5


def use_much() -> bytes:
    return np.ones(A_GIB).tobytes()


def refuse() -> bytes:
    raise PratiqueError("params.yaml: a key is wrong")


def fail() -> bytes:
    raise ValueError("a cell")


def leave() -> bytes:
    raise SystemExit(0)


def crash() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def exit_at_once() -> bytes:
    os._exit(3)


@pytest.mark.parametrize(
    ("work", "error", "says"),
    [
        (use_much, MemoryError, "^$"),
        (refuse, PratiqueError, "^params.yaml: a key is wrong$"),
        (fail, EndedEarly, r"^ValueError in test_apart\.py, line \d+$"),
        (leave, EndedEarly, "^SystemExit in "),
        (crash, EndedEarly, r"ended early \(SIGKILL\)"),
        (exit_at_once, EndedEarly, r"ended early \(exit code 3\)"),
    ],
)
def test_how_it_ended_is_told_and_the_process_that_asked_goes_on(work, error, says):
    with pytest.raises(error, match=says):
        run_apart(work, (), 60, 0.25)


def add(one: int, other: int) -> bytes:
    return str(Path.cwd()).encode() + bytes([one + other])


@pytest.mark.parametrize("context", [ForkContext(), pytest.param(SpawnContext(), marks=pytest.mark.slow)])
def test_what_it_returns_comes_back_however_processes_begin(context, monkeypatch, tmp_path):
    monkeypatch.setattr(apart, "CONTEXT", context)
    monkeypatch.syspath_prepend(Path(__file__).parents[2])  # a spawned process imports this file anew
    monkeypatch.chdir(tmp_path)
    assert run_apart(add, (3, 4), 60, 1) == str(tmp_path).encode() + b"\7"
