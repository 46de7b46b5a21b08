"""What derived entities are called. Pure.

A rule result is ``<scorecard>.<rule>.<blueprint>.<entity>``, by our own identifiers; a rule is
``<scorecard>.<rule>`` where its own identifier would not do. Parts may hold dots themselves: in a
part, a dot is written ``=2E``, and the sign that begins this ``=3D``.
"""

import re
from typing import NamedTuple

_PART = re.compile(r"(?:[^=.]|=2E|=3D)+")


class ResultName(NamedTuple):
    """The identifiers that a rule result is made of."""

    scorecard: str
    rule: str
    blueprint: str
    entity: str


def joined(*parts: str) -> str:
    """Return one identifier for several.

    >>> joined("dora", "v1.2", "service", "a=b")
    'dora.v1=2E2.service.a=3Db'
    """
    return ".".join(part.replace("=", "=3D").replace(".", "=2E") for part in parts)


def split(identifier: str) -> tuple[str, ...] | None:
    """Return the identifiers that one is made of, None where it is made of none.

    >>> split("dora.v1=2E2.service.a=3Db")
    ('dora', 'v1.2', 'service', 'a=b')
    """
    parts = identifier.split(".")
    if not all(_PART.fullmatch(part) for part in parts):
        return None
    return tuple(part.replace("=2E", ".").replace("=3D", "=") for part in parts)


def result_name(identifier: str) -> ResultName | None:
    """Return what a rule result is about, None where it is about nothing."""
    parts = split(identifier)
    return (
        ResultName(*parts) if parts is not None and len(parts) == len(ResultName._fields) else None
    )


def is_plain(identifier: str) -> bool:
    """Say whether an identifier cannot be taken for one that is made of several."""
    return "." not in identifier and "=" not in identifier
