"""Scorecards and their rules as entities: there are few of them, so all are read at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q

from catalog.facts import timestamp
from portal.integrations.models import ScorecardNote
from portal.integrations.port.cards import Card, all_cards, document_of
from portal.integrations.port.derived_blueprints import RULE, SCORECARD
from portal.integrations.port.derived_names import is_plain, joined, split
from portal.permissions import Rights
from scorecards.counts import Counts, counts_of
from scorecards.models import Rule, Scorecard

Facts = dict[str, Any]


@dataclass(frozen=True)
class RuleOf:
    """A rule with the scorecard it belongs to; `identifier` is that of the entity."""

    rule: Rule
    card: Card
    identifier: str


class Definitions:
    """All scorecards, by id, each on the first of the blueprints that it grades; and all rules.

    A rule goes by its own identifier, which is unique in its scorecard only: so the one that was
    made first has it, and others have that of their scorecard before it.

    With `rights`, those that only grade what these may not read are left out, and of those that
    also do the numbers.
    """

    def __init__(self, rights: Rights | None = None) -> None:
        self.hidden = frozenset(rights.hidden if rights is not None else ())
        self.cards: dict[int, Card] = {}
        for card in all_cards(rights):
            self.cards.setdefault(card.scorecard.pk, card)

    @property
    def readable(self) -> Q:
        """Return the condition on evaluations that may be read."""
        return ~Q(entity__blueprint__in=self.hidden) if self.hidden else Q()

    def _tells(self, card: Card) -> bool:
        """Say whether the numbers of a scorecard are only about what may be read."""
        return self.hidden.isdisjoint(row.pk for row in card.scorecard.blueprints.all())

    @cached_property
    def rules(self) -> dict[int, RuleOf]:
        """Return the rules by id, in the order in which they were made."""
        found = [
            (rule, card) for card in self.cards.values() for rule in card.scorecard.rules.all()
        ]
        found.sort(key=lambda pair: pair[0].pk)
        taken: set[str] = set()
        rules = {}
        for rule, card in found:
            name = rule.identifier
            if name in taken or not is_plain(name):
                name = joined(card.scorecard.identifier, name)
            taken.add(rule.identifier)
            rules[rule.pk] = RuleOf(rule, card, name)
        return rules

    @cached_property
    def _by_scorecard(self) -> dict[int, list[RuleOf]]:
        found: dict[int, list[RuleOf]] = defaultdict(list)
        for row in self.rules.values():
            found[row.card.scorecard.pk].append(row)
        return found

    def rules_of(self, scorecard_id: int) -> list[RuleOf]:
        """Return the rules of a scorecard by id; none of one that was made just now."""
        return self._by_scorecard.get(scorecard_id, [])

    def scorecard_named(self, name: str) -> Card | None:
        """Return the scorecard of an identifier, or what alone is called so by clients."""
        own = [card for card in self.cards.values() if card.scorecard.identifier == name]
        if own:
            return own[0]
        notes = ScorecardNote.objects.in_force().filter(identifier=name)
        ids = set(notes.values_list("scorecard_id", flat=True))
        return self.cards.get(ids.pop()) if len(ids) == 1 else None

    def rule_named(self, name: str) -> RuleOf | None:
        """Return the rule of an identifier, whether or not it needs its scorecard's before it."""
        parts = split(name)
        own = []
        for row in self.rules.values():
            if row.identifier == name or parts == (
                row.card.scorecard.identifier,
                row.rule.identifier,
            ):
                return row
            if row.rule.identifier == name:
                own.append(row)
        return own[0] if len(own) == 1 else None

    @cached_property
    def counts(self) -> Mapping[int, Counts]:
        """Return the counters of all scorecards, with one query."""
        return counts_of(self.cards)

    def facts(self, blueprint: str) -> Iterator[tuple[int, Facts]]:
        """Yield the facts of all scorecards, or of all rules, with their ids, by id."""
        if blueprint == SCORECARD:
            for key, card in sorted(self.cards.items()):
                yield key, self.scorecard_facts(card)
            return
        wires = {key: _rules_of(card) for key, card in self.cards.items()}
        for key, row in self.rules.items():
            yield key, self._rule_facts(row, wires[row.card.scorecard.pk])

    def scorecard_facts(self, card: Card) -> Facts:
        """Return the facts of a scorecard."""
        wire, counts = document_of(card), self.counts.get(card.scorecard.pk, Counts())
        rule_ids = [rule.pk for rule in card.scorecard.rules.all()]
        passed = sum(counts.passed[key] for key in rule_ids)
        tested = passed + sum(counts.failed[key] for key in rule_ids)
        numbers = {
            "rules_tested": tested,
            "rules_passed": passed,
            "of_rules_passed": _share(passed, tested),
        }
        return {
            **_meta(SCORECARD, card.scorecard.identifier, card.scorecard.title, card.scorecard),
            "blueprint": card.blueprint.identifier,
            "levels": wire["levels"],
            "filter": wire.get("filter"),
            **(numbers if self._tells(card) else dict.fromkeys(numbers)),
        }

    def rule_facts(self, row: RuleOf) -> Facts:
        """Return the facts of a rule."""
        return self._rule_facts(row, _rules_of(row.card))

    def _rule_facts(self, row: RuleOf, wires: Mapping[str, Mapping[str, Any]]) -> Facts:
        wire = wires[row.rule.identifier]
        counts = self.counts.get(row.card.scorecard.pk, Counts())
        passed, failed = counts.passed[row.rule.pk], counts.failed[row.rule.pk]
        numbers = {
            "entities_tested": passed + failed,
            "entities_passed": passed,
            "of_entities_passed": _share(passed, passed + failed),
        }
        return {
            **_meta(RULE, row.identifier, row.rule.title, row.card.scorecard),
            "level": wire["level"],
            "query": wire["query"],
            "rule_description": wire.get("description"),
            **(numbers if self._tells(row.card) else dict.fromkeys(numbers)),
            "relation#scorecard": row.card.scorecard.identifier,
        }


def _rules_of(card: Card) -> dict[str, Mapping[str, Any]]:
    return {rule["identifier"]: rule for rule in document_of(card)["rules"]}


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _meta(blueprint: str, identifier: str, title: str, scorecard: Scorecard) -> Facts:
    return {
        "$identifier": identifier,
        "$title": title,
        "$icon": None,
        "$blueprint": blueprint,
        "$team": [],
        "$createdAt": timestamp(scorecard.created_at),
        "$createdBy": scorecard.created_by,
        "$updatedAt": timestamp(scorecard.updated_at),
        "$updatedBy": scorecard.updated_by,
    }
