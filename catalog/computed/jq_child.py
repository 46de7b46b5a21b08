"""The process that runs jq programs; `catalog.computed.jq` starts it and talks to it over pipes.

A jq program can loop for ever while it holds the interpreter, abort the process it runs in, and
read that process's environment. So it runs here: a process with nothing to lose, no environment, no
file it may open, little memory, and a timer in the kernel that no program can switch off.

Arguments: seconds of processor time per program, bytes of memory, bytes of output.
Request: two blocks, the program and the input as JSON text; an empty input means "only compile".
Answer: one status byte (0 value, 1 error), 8 bytes of the seconds it took (a float), one block.
A block is a 4-byte length and the bytes.

Run as a script with ``python -I``: it imports nothing of Tidemark.
"""

import json
import os
import resource
import signal
import struct
import sys
import time
from functools import lru_cache
from typing import Any

import jq

PROGRAMS_KEPT = 512
# Deeper results would be legal here and break whoever walks them; Python's own limit differs by
# version.
LEVELS = 200
MESSAGE_LENGTH = 500

_compile = lru_cache(maxsize=PROGRAMS_KEPT)(jq.compile)


def main(cpu_seconds: float, memory_bytes: int, output_bytes: int) -> None:
    """Answer requests until the parent closes the pipe."""
    next(
        iter(jq.compile(".").input_text("1"))
    )  # loads what is loaded lazily while files still open
    _give_up_powers(memory_bytes)
    _write(b"\0", 0.0, b"")
    while (program := _read()) is not None:
        text = _read() or b""
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        status, body = _answer(program.decode(), text.decode(), output_bytes)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(status, time.process_time() - before, body)


def _answer(program: str, text: str, output_bytes: int) -> tuple[bytes, bytes]:
    try:
        compiled = _compile(program)
        body = b"" if not text else _first(compiled, text)
    except MemoryError:
        return b"\1", b"The program needs more memory than it may have."
    except RecursionError:
        return b"\1", b"The result is nested too deeply."
    except ValueError as error:  # what jq.py makes of jq's own errors
        return b"\1", _shortened(str(error)).encode(errors="replace")
    if len(body) > output_bytes:
        return b"\1", f"The result is larger than {output_bytes // 1024} KiB.".encode()
    return b"\0", body


def _shortened(message: str) -> str:
    """Return what a reader needs: jq repeats whole programs, and those raise what they like."""
    return message if len(message) <= MESSAGE_LENGTH else f"{message[:MESSAGE_LENGTH]}..."


def _first(compiled: Any, text: str) -> bytes:
    value = next(iter(compiled.input_text(text)), None)
    body = json.dumps(value).encode()
    if body.count(b"[") + body.count(b"{") > LEVELS and _is_deeper(value, LEVELS):
        raise RecursionError
    return body


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in value)


def _give_up_powers(memory_bytes: int) -> None:
    """Drop the environment, every way to open a file, most of the memory, and stderr."""
    os.environ.clear()
    time.tzset()
    # The default action of SIGPROF ends the process; a parent may have left it ignored or blocked.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # jq reports a failed allocation on stderr before it aborts; the parent says it better.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.closerange(3, 256)
    _limit(resource.RLIMIT_NOFILE, 3)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, memory_bytes)


def _limit(kind: int, value: int) -> None:
    # macOS knows RLIMIT_AS and refuses to set it; the other limits still hold there.
    try:
        resource.setrlimit(kind, (value, value))
    except (ValueError, OSError):
        if sys.platform == "linux":
            raise


def _read() -> bytes | None:
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        return None
    return sys.stdin.buffer.read(struct.unpack(">I", header)[0])


def _write(status: bytes, seconds: float, body: bytes) -> None:
    sys.stdout.buffer.write(status + struct.pack(">dI", seconds, len(body)) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
