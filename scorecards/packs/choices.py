"""What people decided about the rules of a pack, which outlives its next version. Pure."""

from collections.abc import Collection
from typing import Any

Document = dict[str, Any]

# What of a rule is for people to say; everything else is the pack's.
CHOICES = ("is_enabled", "filter", "in_force_from", "owner")


def keep_choices(wanted: Document, stored: Document, *, own_rules: Collection[str]) -> Document:
    """Return a pack's scorecard document with what people decided about the one that is stored.

    That is whether a rule is on, for which entities, from which day, at which level and whose it
    is, whether the scorecard is a draft, and the rules that people added: those that are not among
    `own_rules`, the identifiers of all that any version of the pack has.
    """
    held = {rule["identifier"]: rule for rule in stored["rules"]}
    ladder = _Ladder(wanted, stored)
    rules = [
        rule
        | {key: held[rule["identifier"]][key] for key in CHOICES}
        | {"level": ladder.level_of(held[rule["identifier"]], default=rule["level"])}
        if rule["identifier"] in held
        else rule
        for rule in wanted["rules"]
    ]
    names = {rule["identifier"] for rule in wanted["rules"]}
    added = [
        rule | {"level": ladder.level_of(rule, default=wanted["levels"][-1]["title"])}
        for rule in stored["rules"]
        if rule["identifier"] not in names and rule["identifier"] not in own_rules
    ]
    return wanted | {"status": stored["status"], "rules": [*rules, *added]}


class _Ladder:
    """Where the levels of the stored document are in the wanted one."""

    def __init__(self, wanted: Document, stored: Document) -> None:
        self._titles = [level["title"] for level in wanted["levels"]]
        self._ranks = {level["title"]: rank for rank, level in enumerate(stored["levels"])}

    def level_of(self, rule: Document, *, default: str) -> str:
        """Return the title of the level at which a stored rule goes on.

        A level is known by its title; where that is gone, by its rank.
        """
        if rule["level"] in self._titles[1:]:
            return str(rule["level"])
        rank = self._ranks[rule["level"]]
        return self._titles[rank] if 0 < rank < len(self._titles) else default
