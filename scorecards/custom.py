"""Which rules are custom: all but those that an installed pack brought."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.db.models import Q

from scorecards.models import InstalledPack, Rule
from scorecards.packs import PACKS, load_pack

# The identifiers of scorecards, with those of their rules.
PackRules = Mapping[str, frozenset[str]]


def installed_rules() -> PackRules:
    """Return the rules of the packs that are installed, with one query."""
    found: dict[str, frozenset[str]] = {}
    for name, settings in InstalledPack.objects.values_list("name", "settings"):
        if name in PACKS:
            found |= _rules_in(name, json.dumps(settings, sort_keys=True))
    return found


# Reading the files of a pack takes longer than a request should.
@lru_cache(maxsize=32)
def _rules_in(name: str, settings: str) -> dict[str, frozenset[str]]:
    pack = load_pack(name, settings=json.loads(settings))
    return {
        item["identifier"]: frozenset(rule["identifier"] for rule in item["rules"])
        for item in pack.scorecards
    }


def is_custom(rule: Rule, built_in: PackRules) -> bool:
    """Say whether a rule, whose scorecard is loaded, comes from no pack."""
    return rule.identifier not in built_in.get(rule.scorecard.identifier, ())


def from_packs(built_in: PackRules) -> Q:
    """Return the condition that a rule comes from a pack."""
    return _any_of(
        Q(scorecard__identifier=scorecard, identifier__in=rules)
        for scorecard, rules in built_in.items()
    )


def _any_of(conditions: Iterable[Q]) -> Q:
    whole = Q(pk__in=[])
    for condition in conditions:
        whole |= condition
    return whole
