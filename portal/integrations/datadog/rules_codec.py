"""Rules as clients of this dialect write them. Pure."""

import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from catalog.errors import Fault, Invalid

# The levels of a scorecard that is made by the name of its first rule.
LEVELS = (
    {"title": "No level", "color": "lightGray"},
    {"title": "Basic", "color": "bronze"},
    {"title": "Intermediate", "color": "silver"},
    {"title": "Advanced", "color": "gold"},
)
HIGHEST = 3
_NAME_LENGTH = 200
_DESCRIPTION_LENGTH = 5_000
# Leaves room for a number behind it, where the name is taken.
_IDENTIFIER_LENGTH = 90


@dataclass(frozen=True)
class RuleDraft:
    """A rule as a client writes it; what it leaves out is as when it is new.

    The scorecard stands there by name or by id. `scope` is None where nothing is said of it.
    """

    name: str
    scorecard_name: str | None
    scorecard_id: str | None
    description: str
    owner: str
    level: int
    is_enabled: bool
    scope: str | None


def read_rule(attributes: Mapping[str, Any]) -> RuleDraft:
    """Return the rule that attributes describe; raises `Invalid` with all that is wrong.

    Null is the same as left out, and what the server says by itself is not looked at.
    """
    given = {key: value for key, value in attributes.items() if value is not None}
    faults = [
        fault for key, check in _CHECKS.items() if key in given for fault in check(key, given)
    ]
    if not str(given.get("name", "")).strip():
        faults.append(required("name"))
    if faults:
        raise Invalid(faults)
    return RuleDraft(
        name=given["name"],
        # The older name of the same.
        scorecard_name=_words(given, "scorecard_name") or _words(given, "category"),
        scorecard_id=given.get("scorecard_id"),
        description=given.get("description", ""),
        owner=given.get("owner", ""),
        level=given.get("level", HIGHEST),
        is_enabled=given.get("enabled", True),
        scope=given.get("scope_query"),
    )


def _words(given: Mapping[str, Any], key: str) -> str | None:
    return given.get(key, "").strip() and given[key] or None


def required(name: str) -> Fault:
    """Return the fault of an attribute that is not there, in the words that clients know."""
    return Fault("", f'attribute "{name}" is required')


def _text(length: int) -> Callable[[str, Mapping[str, Any]], Iterator[Fault]]:
    def check(key: str, given: Mapping[str, Any]) -> Iterator[Fault]:
        if not isinstance(given[key], str) or len(given[key]) > length:
            yield Fault(key, f"give a text of at most {length:,} characters")

    return check


def _level_faults(key: str, given: Mapping[str, Any]) -> Iterator[Fault]:
    if type(given[key]) is not int or not 1 <= given[key] <= HIGHEST:
        yield Fault("", f'attribute "{key}" must be one of "1 2 3"')


def _flag_faults(key: str, given: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(given[key], bool):
        yield Fault(key, "give true or false")


_CHECKS = {
    "name": _text(_NAME_LENGTH),
    "scorecard_name": _text(_NAME_LENGTH),
    "category": _text(_NAME_LENGTH),
    "scorecard_id": _text(_NAME_LENGTH),
    "description": _text(_DESCRIPTION_LENGTH),
    "owner": _text(_NAME_LENGTH),
    # How long a scope may be, those who read it say.
    "scope_query": _text(1_000_000),
    "level": _level_faults,
    "enabled": _flag_faults,
}


def identifier_for(title: str, *, taken: Collection[str]) -> str:
    """Return an identifier of ours for what is called so, that none of those taken is.

    >>> identifier_for("Has an owner?", taken=["has-an-owner"])
    'has-an-owner-2'
    """
    letters = "".join(sign if _is_allowed(sign) else "-" for sign in title.lower())
    words = "-".join(filter(None, letters.split("-")))[:_IDENTIFIER_LENGTH].strip(".-") or "unnamed"
    choices = (f"{words}-{number}" if number > 1 else words for number in count(1))
    return next(choice for choice in choices if choice not in taken)


def _is_allowed(sign: str) -> bool:
    return unicodedata.category(sign).startswith("L") or sign in "0123456789_."


def team_named(owner: str) -> str:
    """Return the identifier of the team that an owner may be: ``core``, or ``team:core``."""
    return owner.removeprefix("team:")
