"""What came of sending a message, as values. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Envelope:
    """What is sent of a delivery: the id it is known by, and its payload for one kind of channel.

    The id is the same at every try, so that the other side can tell a message that comes again.
    """

    id: str
    made_at: str
    kind: str
    message: Any = field(repr=False)


@dataclass(frozen=True)
class Sent:
    """The other side took the message; `told` says so, for the log of the delivery."""

    told: str


class Undelivered(Exception):
    """The other side has not taken the message. `told` holds nothing secret."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.told = told


class PutOff(Undelivered):
    """Another try may fare better, not before `wait` where the other side asked for that."""

    def __init__(self, told: str, *, wait: timedelta | None = None) -> None:
        super().__init__(told)
        self.wait = wait


class Rejected(Undelivered):
    """Another try would fare no better: people have to mend something first."""
