"""Reading campaigns: what they are about, and who is still to do what.

The results are bits of `Evaluation` masks, which the database reads: nothing here loads all
entities. An evaluation that has not seen the newest of a campaign's rules yet is left out until it
has.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.lookups import LessThan

from catalog.conditions import matches, parse
from catalog.filtersets import owned_by
from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from scorecards.evaluation import Masks
from scorecards.models import Campaign, Evaluation, Rule, RuleChange
from scorecards.querysets import EvaluationQuerySet

# The owner of what nobody owns, as the rest of this module names it.
NOBODY = ""
# How many entities `failing_by_team` names at most.
MOST_FAILING = 2_000


def rule_name(rule: Rule) -> str:
    """Return the name of a rule in a campaign document: its scorecard's, a slash, its own."""
    return f"{rule.scorecard.identifier}/{rule.identifier}"


@dataclass(frozen=True)
class Demand:
    """What a campaign asks of the evaluations of one scorecard: some of its rules, as bits."""

    scorecard_id: int
    rules: tuple[Rule, ...]

    @property
    def bits(self) -> int:
        """Return the bits of the rules."""
        return sum(1 << rule.bit for rule in self.rules)

    @property
    def evaluated(self) -> Q:
        """Return the condition that an evaluation speaks of all of the rules."""
        newest = max(rule.pk for rule in self.rules)
        return Q(scorecard=self.scorecard_id, newest_rule_id__gte=newest)

    @property
    def counts(self) -> Q:
        """Return the condition that an evaluation counts: not all of the rules are skipped."""
        return self.evaluated & self._lacks(F("skipped"))

    @property
    def fails(self) -> Q:
        """Return the condition that one of the rules fails: it neither passed nor was skipped."""
        return self.evaluated & self._lacks(F("passed").bitor(F("skipped")))

    def _lacks(self, mask: Combinable) -> Q:
        bits = Value(self.bits, output_field=BigIntegerField())
        return Q(LessThan(mask.bitand(bits), bits))


def demands_of(rules: Iterable[Rule]) -> list[Demand]:
    """Return what these rules ask, by scorecard."""
    groups: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules:
        groups[rule.scorecard_id].append(rule)
    return [Demand(scorecard_id, tuple(group)) for scorecard_id, group in groups.items()]


def any_of(conditions: Iterable[Q]) -> Q:
    """Return the condition that any of these holds."""
    # Of none of them nothing is true.
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


def in_scope(campaign: Campaign, *, now: datetime) -> EntityQuerySet:
    """Return the entities that a campaign, whose rules are loaded, is about."""
    demands = demands_of(campaign.rules.all())
    counting = Evaluation.objects.filter(any_of(demand.counts for demand in demands))
    entities = Entity.objects.filter(pk__in=counting.values("entity_id"))
    return entities.matching(parse(campaign.filter), now=now) if campaign.filter else entities


def failing_evaluations(rules: Iterable[Rule]) -> EvaluationQuerySet:
    """Return the evaluations in which any of these rules fails."""
    return Evaluation.objects.filter(any_of(demand.fails for demand in demands_of(rules)))


def failing(
    campaign: Campaign, *, now: datetime, rule: Rule | None = None, team: str | None = None
) -> EntityQuerySet:
    """Return the entities that are still to be done; those that fail a rule, those of a team.

    `team` may be empty: what nobody owns.
    """
    rules = campaign.rules.all() if rule is None else [rule]
    rows = in_scope(campaign, now=now).filter(pk__in=failing_evaluations(rules).values("entity_id"))
    match team:
        case None:
            return rows
        case "":
            return rows.filter(Q(fingerprint__teams="[]") | Q(fingerprint__isnull=True))
    return rows.filter(owned_by(team))


def failing_rules(campaign: Campaign, entity_ids: Collection[int]) -> dict[int, list[Rule]]:
    """Return which of a campaign's rules each of these entities fails, with one query."""
    demands = {demand.scorecard_id: demand for demand in demands_of(campaign.rules.all())}
    rows = failing_evaluations(campaign.rules.all()).filter(entity__in=list(entity_ids))
    found: dict[int, list[Rule]] = defaultdict(list)
    values = rows.values_list("entity_id", "scorecard_id", "passed", "skipped")
    for entity_id, scorecard_id, passed, skipped in values.order_by("scorecard__title", "id"):
        masks = Masks(passed, skipped)
        found[entity_id] += (
            rule
            for rule in demands[scorecard_id].rules
            if masks.word(rule.bit) == RuleChange.Result.FAIL
        )
    return found


def failing_by_team(
    campaign: Campaign, *, now: datetime, most: int = MOST_FAILING
) -> dict[str, list[tuple[Entity, list[Rule]]]]:
    """Return by team what is still to be done: entities by title, each with the rules it fails.

    What nobody owns stands under the empty name, and an entity of two teams under both. For
    reminders: of a campaign whose parts are loaded, with two queries, and at most so many entities
    in all; `progress_of` tells how many there are.
    """
    rows = failing(campaign, now=now).select_related("blueprint")
    rows = rows.defer("properties", "computed", "problems", "facts")
    rows = rows.annotate(owners=F("fingerprint__teams"))
    entities = list(rows.order_by("title", "identifier", "id")[:most])
    rules = failing_rules(campaign, [entity.pk for entity in entities])
    found: dict[str, list[tuple[Entity, list[Rule]]]] = defaultdict(list)
    for entity in entities:
        for team in teams_in(entity.owners):
            found[team].append((entity, rules[entity.pk]))
    return dict(found)


@lru_cache(maxsize=4_096)
def teams_in(text: str | None) -> tuple[str, ...]:
    """Return the owners that a fingerprint names, the empty name where there are none."""
    return tuple(msgspec.json.decode(text or "[]")) or (NOBODY,)


@dataclass(frozen=True)
class OpenRules:
    """A campaign under way, and what an entity still has to do for it."""

    campaign: Campaign
    rules: list[Rule]


def open_rules(entity: Entity, *, now: datetime) -> list[OpenRules]:
    """Return the campaigns under way for which an entity still has something to do.

    Those due first come first. One query where none is under way, else three.
    """
    campaigns = list(Campaign.objects.running().with_parts())
    if not campaigns:
        return []
    rows = Evaluation.objects.filter(entity=entity)
    values = rows.values_list("scorecard_id", "passed", "skipped", "newest_rule_id")
    found = {scorecard_id: masks for scorecard_id, *masks in values}
    return [
        OpenRules(campaign, rules)
        for campaign in campaigns
        if (rules := [rule for rule in campaign.rules.all() if _fails(rule, found)])
        and _is_about(campaign, entity.facts, now=now)
    ]


def _fails(rule: Rule, found: Mapping[int, Sequence[int]]) -> bool:
    if rule.scorecard_id not in found:
        return False
    passed, skipped, newest = found[rule.scorecard_id]
    word = Masks(passed, skipped).word(rule.bit)
    return newest >= rule.pk and word == RuleChange.Result.FAIL


def _is_about(campaign: Campaign, facts: Mapping[str, Any], *, now: datetime) -> bool:
    return not campaign.filter or matches(parse(campaign.filter), facts, now=now)


@dataclass(frozen=True)
class OpenEntities:
    """A campaign under way, and how many of a team's entities are still to be done for it."""

    campaign: Campaign
    left: int
    entities: int


def open_for_team(team: str, *, now: datetime, most: int) -> list[OpenEntities]:
    """Return the campaigns under way for which a team still has something to do.

    Those due first come first, and only so many are looked at: each costs a query.
    """
    found = []
    for campaign in Campaign.objects.running().with_parts()[:most]:
        failing_too = failing_evaluations(campaign.rules.all()).filter(entity=OuterRef("pk"))
        scope = in_scope(campaign, now=now).filter(owned_by(team))
        counts = scope.annotate(is_failing=Exists(failing_too)).aggregate(
            entities=Count("pk"), left=Count("pk", filter=Q(is_failing=True))
        )
        if counts["left"]:
            found.append(OpenEntities(campaign, **counts))
    return found
