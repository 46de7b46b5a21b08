"""What widgets name: properties, relations, owners, scorecards and single rules. Pure.

Charts write ``property#x`` and the like, lists of columns and numbers the bare key, lines
``properties.x``. All are understood everywhere.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of things that widgets name."""

    PROPERTY = "property"
    META = "meta"
    OWNER = "owner"
    RELATION = "relation"
    SCORECARD = "scorecard"
    RULE = "rule"


@dataclass(frozen=True)
class Subject:
    """A thing that is named: `key` within its kind, and for a rule the scorecard before it."""

    kind: Kind
    key: str
    scorecard: str = ""

    @property
    def fact(self) -> str:
        """Return the key of the entity's facts; empty for what scorecards found."""
        match self.kind:
            case Kind.PROPERTY | Kind.META:
                return self.key
            case Kind.OWNER:
                return "$team"
            case Kind.RELATION:
                return f"relation#{self.key}"
        return ""


_PREFIXES = {
    "property#": Kind.PROPERTY,
    "mirror-property#": Kind.PROPERTY,
    "calculation-property#": Kind.PROPERTY,
    "aggregation-property#": Kind.PROPERTY,
    "properties.": Kind.PROPERTY,
    "relation#": Kind.RELATION,
    "relations.": Kind.RELATION,
    "scorecard#": Kind.SCORECARD,
}
_OWNER_NAMES = ("$team", "team")
_RULE = "scorecard-rule#"


def parse_subject(text: str) -> Subject:
    """Return what a name names; a bare one is a property, unless it is that of the owner.

    >>> parse_subject("scorecard#dora_cfr")
    Subject(kind=<Kind.SCORECARD: 'scorecard'>, key='dora_cfr', scorecard='')
    >>> parse_subject("scorecard-rule#basics#has_readme").scorecard
    'basics'
    """
    if text.startswith(_RULE):
        scorecard, _, rule = text.removeprefix(_RULE).partition("#")
        return Subject(Kind.RULE, rule, scorecard)
    for prefix, kind in _PREFIXES.items():
        if text.startswith(prefix):
            return Subject(kind, text.removeprefix(prefix))
    if text in _OWNER_NAMES:
        return Subject(Kind.OWNER, text)
    return Subject(Kind.META if text.startswith("$") else Kind.PROPERTY, text)
