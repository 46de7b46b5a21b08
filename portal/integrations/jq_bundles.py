"""Several jq programs over one document, run as one: it is sent to the child and read there once.

Pure. Each program keeps its own failure, so that one bad field does not take the others along. The
programs must compile by themselves; one that does not could close a bracket of its neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.computed.jq import JSON, JqError, check_many
from catalog.errors import Fault

# Two line ends: the first may be swallowed by a comment of the program that ends in a backslash.
_LEAF = "(try [first(({}\n\n), null)] catch [null, tostring])"


@dataclass(frozen=True)
class Failure:
    """What stands in place of the value of a program that failed."""

    message: str


def attempt(program: str) -> str:
    """Return a program that gives ``[value]``, or ``[null, message]`` where the first one fails."""
    return _LEAF.format(program)


def bundle(programs: Sequence[str]) -> str:
    """Return one program that gives the list of what these give."""
    return f"[{','.join(map(attempt, programs))}]"


def unbundled(result: JSON | JqError, *, count: int) -> list[Any]:
    """Return the values of the programs of a bundle, a `Failure` in the place of each that failed.

    A bundle that was stopped, or ended itself, has failed as a whole.
    """
    if isinstance(result, JqError):
        return [Failure(str(result))] * count
    if not isinstance(result, list) or len(result) != count:
        return [Failure("The program ended before it gave a value.")] * count
    return [attempted(item) for item in result]


def attempted(item: JSON) -> Any:
    """Return what `attempt` gave: the value or a `Failure`."""
    return item[0] if len(item) == 1 else Failure(item[1])


def program_faults(programs: Mapping[str, str]) -> list[Fault]:
    """Return a fault for every program that does not compile; the keys are their places."""
    return [
        Fault(path, f"is not a jq program: {error}") for path, error in check_many(programs).items()
    ]
