"""The child process that runs jq programs, seen from the process that needs their answers.

The child (`catalog.computed.jq_child`) is started on first use, answers one request at a time, and
is replaced when a program ran too long or took it down. It has no environment, opens no files and
holds little memory. Threads share it behind a lock; a forked process starts its own.
"""

import contextlib
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from catalog.computed.jq_ledger import Cost

JSON = Any
# Called with the position of each request that was answered, and what it cost; says whether the
# requests after it are to be left.
Watch = Callable[[int, Cost], bool]
CPU_SECONDS = 1.0
MEMORY_BYTES = 512 * 1024 * 1024
OUTPUT_BYTES = 1024 * 1024
# The kernel stops the child after CPU_SECONDS of work; this is for a machine too busy to give any.
WALL_SECONDS = 5.0
START_SECONDS = 30.0
# Status, seconds of processor time, length of what follows.
_HEADER = struct.Struct(">BdI")
_LIMITS = (CPU_SECONDS, MEMORY_BYTES, OUTPUT_BYTES)
_CHILD = Path(__file__).with_name("jq_child.py")


class JqError(Exception):
    """A program that does not compile, failed or had to be stopped, told to its author."""


class StoppedError(JqError):
    """The program was stopped, or took the child down with it."""


class Sandbox:
    """The one child of this process, started when needed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.child: _Child | None = None

    def ask(self, program: str, text: str) -> JSON:
        """Return the answer to one request, or raise the `JqError` that it is."""
        (answer,) = self.ask_many([(program, text)], lambda position, cost: False)
        if isinstance(answer, JqError):
            raise answer
        return answer

    def ask_many(self, requests: Iterable[tuple[str, str]], watch: Watch) -> "list[JSON | JqError]":
        """Return the answers to requests, a `JqError` in the place of what failed.

        They end with the first `StoppedError`, or where the watch says so: what comes after has
        not been tried.
        """
        requests = list(requests)
        if not requests:
            return []
        blocks = [
            _block(program.encode(errors="replace")) + _block(text.encode())
            for program, text in requests
        ]
        with self.lock:
            return self._living_child().ask(blocks, watch)

    def _living_child(self) -> "_Child":
        if self.child is not None and not self.child.is_alive():
            self.child.stop()
            self.child = None
        if self.child is None:
            self.child = _Child()
        return self.child

    def forget(self) -> None:
        """Let go of the parent's child after a fork, without a word on its pipes."""
        child, self.child = self.child, None
        # Another thread of the parent may have held the lock; here nobody would release it.
        self.lock = threading.Lock()
        if child is not None:
            child.disown()


class _Child:
    def __init__(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-I", str(_CHILD), *map(str, _LIMITS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={},
            cwd="/",
            start_new_session=True,
        )
        assert self.process.stdin  # noqa: S101 - a pipe was asked for
        assert self.process.stdout  # noqa: S101
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        os.set_blocking(self.stdin.fileno(), False)
        try:
            self._await_start()
        except (EOFError, TimeoutError) as error:
            self.stop()
            raise RuntimeError("The process that runs jq programs did not start.") from error

    def _await_start(self) -> None:
        received, deadline = bytearray(), time.monotonic() + START_SECONDS
        while _cut_answer(received) is None:
            self._wait(deadline, is_sending=False)
            received += self._read()

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, requests: Sequence[bytes], watch: Watch) -> "list[JSON | JqError]":
        """Return the answers to requests, up to the first that stopped the child."""
        answers: list[JSON | JqError] = []
        try:
            for answer, cost in self._exchange(requests):
                answers.append(answer)
                if watch(len(answers) - 1, cost) and len(answers) < len(requests):
                    # The others are on their way to it already.
                    self.stop()
                    break
        except (TimeoutError, EOFError):
            answers.append(StoppedError(self._epitaph()))
            watch(len(answers) - 1, Cost(CPU_SECONDS, 0, was_stopped=True))
        except BaseException:
            # Interrupted half-way: the rest of the answers must not be read as the next ones.
            self.stop()
            raise
        return answers

    def _exchange(self, requests: Sequence[bytes]) -> "Iterator[tuple[JSON | JqError, Cost]]":
        """Send requests while reading answers: the child works while both pipes are full."""
        rest, received = memoryview(b"".join(requests)), bytearray()
        for _ in requests:
            deadline = time.monotonic() + WALL_SECONDS
            while (answer := _cut_answer(received)) is None:
                events = self._wait(deadline, is_sending=bool(rest))
                if events & select.POLLOUT:
                    rest = self._send(rest)
                if events & select.POLLIN:
                    received += self._read()
            is_error, seconds, body = answer
            yield _judged(is_error, body), Cost(seconds, len(body))

    def _epitaph(self) -> str:
        """Bury the child and return what it died of."""
        # A child that closed its pipe is about to have a return code; one that hangs has none.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=0 if self._is_silent() else 1)
        code = self.process.returncode
        self.stop()
        if code in (None, -signal.SIGPROF):
            return f"The program ran longer than {CPU_SECONDS:g} s and was stopped."
        return (
            "The program crashed; programs that need more than "
            f"{MEMORY_BYTES // 1024**2} MiB of memory do."
        )

    def _is_silent(self) -> bool:
        return not _is_ready(self.stdout.fileno(), select.POLLIN, 0)

    def stop(self) -> None:
        """Kill the child and close its pipes."""
        self.process.kill()
        self.process.wait()
        self.stdin.close()
        self.stdout.close()

    def disown(self) -> None:
        """Close this process's ends of the pipes and leave the child to its owner."""
        self.process.returncode = 0  # otherwise Popen would wait for a child that is not ours
        self.stdin.close()
        self.stdout.close()

    def _send(self, rest: memoryview) -> memoryview:
        """Write as much as the pipe takes, and return what is left."""
        try:
            return rest[os.write(self.stdin.fileno(), rest) :]
        except BrokenPipeError:
            # It died; what it answered before is still to be read.
            return rest[:0]

    def _read(self) -> bytes:
        part = os.read(self.stdout.fileno(), 65536)
        if not part:
            raise EOFError
        return part

    def _wait(self, deadline: float, *, is_sending: bool) -> int:
        """Return what the pipes are ready for; raises `TimeoutError`."""
        # poll and not select: a busy server has files numbered above select's 1024.
        poller = select.poll()
        poller.register(self.stdout.fileno(), select.POLLIN)
        if is_sending:
            poller.register(self.stdin.fileno(), select.POLLOUT)
        ready = dict(poller.poll(max(0.0, deadline - time.monotonic()) * 1000))
        if not ready:
            raise TimeoutError
        events = select.POLLOUT if self.stdin.fileno() in ready else 0
        # A closed pipe counts as readable: reading it tells.
        return events | (select.POLLIN if self.stdout.fileno() in ready else 0)


def _cut_answer(received: bytearray) -> tuple[bool, float, bytes] | None:
    """Take a whole answer off the front of what was received: is it an error, time and body."""
    if len(received) < _HEADER.size:
        return None
    is_error, seconds, length = _HEADER.unpack_from(received)
    end = _HEADER.size + length
    if len(received) < end:
        return None
    body = bytes(received[_HEADER.size : end])
    del received[:end]
    return bool(is_error), seconds, body


def _judged(is_error: bool, body: bytes) -> "JSON | JqError":
    if is_error:
        return JqError(_tidy(body.decode()))
    try:
        return _load(body)
    except JqError as error:
        return error


def _is_ready(file: int, event: int, seconds: float) -> bool:
    # poll and not select: a busy server has files numbered above select's 1024.
    poller = select.poll()
    poller.register(file, event)
    return bool(poller.poll(seconds * 1000))


def _block(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def _tidy(message: str) -> str:
    """Leave out what jq says to the reader of a terminal."""
    return re.sub(r"\njq: \d+ compile errors?$", "", message).replace("jq: error: ", "")


def _load(answer: bytes) -> JSON:
    try:
        return json.loads(answer) if answer else None
    except RecursionError:
        raise JqError("The result is nested too deeply.") from None


sandbox = Sandbox()
os.register_at_fork(after_in_child=sandbox.forget)
