"""Secrets that were wrong lately: refused again without a look at the database.

Clients that were given a wrong secret try it again and again, from several threads. What is counted
is the pair of client id and secret, so that nobody can lock the owner of the right one out.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from random import uniform
from threading import BoundedSemaphore, Lock
from time import sleep

ALLOWED = 3
PERIOD = 60.0  # seconds
_KEPT = 10_000


@dataclass
class WrongSecrets:
    """The pairs that were wrong within the last minute, of this process, the newest last."""

    _seen: OrderedDict[bytes, tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, client_id: str, secret: str, *, now: float) -> int:
        """Return for how many seconds this pair is not looked at, 0 where it is."""
        with self._lock:
            count, until = self._seen.get(_name(client_id, secret), (0, 0.0))
        return max(1, round(until - now)) if count >= ALLOWED and until > now else 0

    def note(self, client_id: str, secret: str, *, now: float) -> None:
        """Remember that this pair was wrong."""
        name = _name(client_id, secret)
        with self._lock:
            count, until = self._seen.pop(name, (0, 0.0))
            self._seen[name] = (count + 1 if until > now else 1, now + PERIOD)
            while len(self._seen) > _KEPT:
                self._seen.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seen.clear()


class WaitingRoom:
    """Where a few of those who hammer are kept for a second, each in a thread that has to spare.

    Without, they come back as fast as they are sent away, and everybody else waits for the
    processor. It has no seats until a server that has such threads opens it.
    """

    def __init__(self) -> None:
        self._seats = BoundedSemaphore(1)
        self._is_open = False

    def open(self, seats: int) -> None:
        """Let so many wait at a time."""
        self._seats, self._is_open = BoundedSemaphore(seats), True

    def wait(self, seconds: float = 1.0) -> bool:
        """Wait about so long if there is a seat; say whether there was."""
        seats = self._seats
        if not self._is_open or not seats.acquire(blocking=False):
            return False
        try:
            # Not all for as long: they would come back together.
            sleep(seconds * uniform(0.5, 1.5))
        finally:
            seats.release()
        return True


wrong_secrets = WrongSecrets()
waiting_room = WaitingRoom()


def _name(client_id: str, secret: str) -> bytes:
    whole = f"{len(client_id)}:{client_id}:{secret}".encode(errors="surrogatepass")
    return sha256(whole).digest()
