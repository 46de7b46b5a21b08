"""Rule results as entities, read out of the masks of evaluations; none of them is stored."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max, Q
from django.db.models.fields.json import KeyTransform
from django.urls import reverse

from catalog.bulk import IsAmong
from catalog.facts import timestamp
from catalog.models import OWNERSHIP
from portal.integrations.port.derived_blueprints import (
    NOT_PASSED,
    PASSED,
    RULE_RELATION,
    RULE_RESULT,
    target_key,
)
from portal.integrations.port.derived_definitions import Definitions, Facts, RuleOf
from portal.integrations.port.derived_names import joined
from portal.permissions import SYSTEM
from scorecards.models import Evaluation, RuleChange, Scorecard

RESULTS = (PASSED, NOT_PASSED)
# The facts that are the same for all entities of a blueprint with the same result.
RULE_KEYS = frozenset(["result", "level", "scorecard", "blueprint", f"relation#{RULE_RELATION}"])
# The facts that cost most, and that few searches ask for.
LATE_KEYS = frozenset(["result_last_change", "entity_link"])


# Stands behind every rule of an evaluation.
LAST_RULE = 10**18 - 1


class Position(NamedTuple):
    """Where a result stands among all of them: by scorecard, entity and rule."""

    scorecard_id: int
    entity_id: int
    rule_id: int = LAST_RULE


class Found(NamedTuple):
    """An evaluation, as far as results tell of it, and of the entity that it is about."""

    scorecard_id: int
    entity_id: int
    passed: int
    skipped: int
    newest_rule_id: int
    evaluated_at: datetime
    blueprint: str
    identifier: str
    title: str
    created_at: datetime
    teams: Any

    def results(self, definitions: Definitions) -> Iterator[tuple[RuleOf, str]]:
        """Yield the rules that count for the entity, with their results, by id."""
        for row in definitions.rules_of(self.scorecard_id):
            bit = row.rule.bit
            # What is held under the bit of a newer rule is about another one.
            if row.rule.pk <= self.newest_rule_id and not self.skipped >> bit & 1:
                yield row, PASSED if self.passed >> bit & 1 else NOT_PASSED


class Result(NamedTuple):
    """A result, with its facts; the late ones may still be missing."""

    position: Position
    found: Found
    facts: Facts


def evaluations_of(condition: Q, *, after: Position | None, limit: int) -> list[Found]:
    """Return the next evaluations that meet a condition, in the order of their index.

    The one that `after` is about is among them, unless it stands behind all rules of it.
    """
    rows = Evaluation.objects.filter(condition, scorecard__status=Scorecard.Status.PUBLISHED)
    if after is not None:
        first = after.entity_id + (after.rule_id == LAST_RULE)
        here = Q(scorecard_id=after.scorecard_id, entity_id__gte=first)
        # Said once more in the words of the index.
        rows = rows.filter(scorecard_id__gte=after.scorecard_id).filter(
            here | Q(scorecard_id__gt=after.scorecard_id)
        )
    columns = rows.order_by("scorecard_id", "entity_id").values_list(
        *Found._fields[:6],
        "entity__blueprint__identifier",
        "entity__identifier",
        "entity__title",
        "entity__created_at",
        KeyTransform(OWNERSHIP, "entity__facts"),
    )
    return [Found(*values) for values in columns[:limit]]


def results_of(
    evaluations: Sequence[Found], definitions: Definitions, *, after: Position | None = None
) -> Iterator[Result]:
    """Yield the results of evaluations behind a position, without their late facts."""
    for found in evaluations:
        for row, result in found.results(definitions):
            position = Position(found.scorecard_id, found.entity_id, row.rule.pk)
            if after is None or position > after:
                yield Result(position, found, _facts(found, row, result))


def _facts(found: Found, row: RuleOf, result: str) -> Facts:
    scorecard = row.card.scorecard
    return {
        "$identifier": joined(
            scorecard.identifier, row.rule.identifier, found.blueprint, found.identifier
        ),
        "$title": f"{row.rule.title}: {found.title or found.identifier}",
        "$icon": None,
        "$blueprint": RULE_RESULT,
        "$team": found.teams or [],
        # Since when there can be a result.
        "$createdAt": timestamp(max(found.created_at, scorecard.created_at)),
        "$createdBy": SYSTEM.label,
        "$updatedAt": timestamp(found.evaluated_at),
        "$updatedBy": SYSTEM.label,
        "entity": found.identifier,
        f"relation#{target_key(found.blueprint)}": found.identifier,
        **facts_of_rule(row, found.blueprint, result),
    }


def facts_of_rule(row: RuleOf, blueprint: str, result: str) -> Facts:
    """Return the facts under `RULE_KEYS`."""
    return {
        "result": result,
        "level": row.rule.level.title,
        "scorecard": row.card.scorecard.title,
        # Not the scorecard's, which may grade several.
        "blueprint": blueprint,
        f"relation#{RULE_RELATION}": row.identifier,
    }


def add_late_facts(results: Sequence[Result]) -> None:
    """Complete the facts of results, with one query for all of them."""
    changes = _last_changes(results)
    for position, found, facts in results:
        changed_at = changes.get((position.entity_id, position.rule_id))
        facts["result_last_change"] = timestamp(changed_at) if changed_at else None
        facts["entity_link"] = reverse(
            "entity", kwargs={"blueprint": found.blueprint, "identifier": found.identifier}
        )


def _last_changes(results: Sequence[Result]) -> Mapping[tuple[int, int], datetime]:
    if not results:
        return {}
    changes = RuleChange.objects.filter(
        IsAmong("entity_id", {item.position.entity_id for item in results}),
        IsAmong("rule_id", {item.position.rule_id for item in results}),
    )
    rows = changes.order_by().values_list("entity_id", "rule_id").annotate(last=Max("at"))
    return {(entity, rule): last for entity, rule, last in rows}
