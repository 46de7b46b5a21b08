"""Outcomes as this dialect shows them, out of what was reported and of what rules found.

What was reported comes first, in the order in which it did, then what rules with a query found.
Outcomes that the scope of their rule or scorecard leaves out are hidden, and come back with it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db.models import F, Q, QuerySet

from catalog import operations as catalog_operations
from catalog.bulk import IsAmong, chunks
from catalog.errors import Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft
from portal.integrations.datadog import ids
from portal.integrations.datadog.entity_names import EntityName
from portal.integrations.datadog.outcomes_codec import Sent, Shown
from portal.integrations.datadog.paging import Page
from portal.permissions import Actor, Rights
from scorecards.api.rule_results import per_rule
from scorecards.models import Evaluation, Outcome, Rule
from scorecards.operations import Said

Pair = tuple[int, int]


def list_outcomes(
    *, page: Page, rules: Q, rights: Rights, entity: EntityName | None = None, state: str = ""
) -> list[Shown]:
    """Return a page of outcomes of some rules, of one entity or all, in one state or any.

    Those about what `rights` may read.
    """
    about = Q()
    if entity is not None:
        about = Q(entity__blueprint__identifier=entity.kind, entity__identifier=entity.identifier)
    reported, found = (
        rights.readable(rows, via="entity__blueprint") for rows in (_reported(about), _found(about))
    )
    if rules:
        # Only where some are asked for, and by number: databases then read rows in their order.
        numbers = list(Rule.objects.filter(rules).values_list("pk", flat=True))
        reported, found = reported.filter(rule__in=numbers), found.filter(rule_pk__in=numbers)
    if state:
        reported, found = reported.filter(state=state.upper()), found.filter(status=state.upper())
    shown = list(map(_as_reported, reported[page.rows]))
    missing = page.limit - len(shown)
    if missing:
        before = max(page.offset - reported.count(), 0)
        shown += map(_as_found, _columns(found)[before : before + missing])
    return shown


def outcomes_about(pairs: Collection[Pair]) -> list[Shown]:
    """Return the outcomes that are stored for pairs of rules and entities."""
    rows = Outcome.objects.with_names().filter(
        IsAmong("rule_id", {rule for rule, _ in pairs}),
        IsAmong("entity_id", {entity for _, entity in pairs}),
    )
    return [_as_reported(row) for row in rows if (row.rule_id, row.entity_id) in pairs]


def _reported(about: Q) -> "QuerySet[Outcome]":
    """Return what was reported of entities that are graded, by a rule that is about them."""
    skipped = F("rule__scorecard__evaluations__skipped")
    rows = Outcome.objects.with_names().alias(
        graded=F("rule__scorecard__evaluations__entity_id"),
        skip_bit=skipped.bitrightshift(F("rule__bit")).bitand(1),
    )
    # An enabled rule with a filter that skips what was said to pass or fail: out of its scope.
    is_left_out = Q(
        rule__is_enabled=True,
        rule__filter__isnull=False,
        state__in=("PASS", "FAIL"),
        skip_bit=1,
    )
    return rows.filter(about, ~is_left_out, graded=F("entity_id"), rule__query__isnull=True)


def _found(about: Q) -> QuerySet[Evaluation]:
    rows = per_rule(Evaluation.objects.filter(about))
    return (
        rows.alias(query=F("scorecard__rules__query"))
        .filter(query__isnull=False)
        .exclude(status="SKIP")
    )


def _columns(rows: QuerySet[Evaluation]) -> QuerySet:
    return rows.values_list(
        *("rule_pk", "entity__blueprint__identifier", "entity__identifier"),
        *("status", "evaluated_at"),
    )


def _as_reported(row: Outcome) -> Shown:
    return Shown(
        rule_id=row.rule_id,
        entity=EntityName(row.entity.blueprint.identifier, row.entity.identifier),
        state=row.state.lower(),
        remarks=row.remark,
        created_at=row.created_at,
        modified_at=row.reported_at,
    )


def _as_found(row: tuple[int, str, str, str, datetime]) -> Shown:
    rule, kind, identifier, status, at = row
    return Shown(rule, EntityName(kind, identifier), status.lower(), modified_at=at)


def reported_rules(sent: Iterable[Sent]) -> dict[str, int]:
    """Return the numbers of the rules that results name, of those whose results are reported."""
    numbers = {item.rule_id: ids.rule_number(item.rule_id) for item in sent}
    wanted = [number for number in numbers.values() if number]
    rows = Rule.objects.filter(IsAmong("id", wanted), query__isnull=True)
    there = set(rows.values_list("pk", flat=True))
    return {id_: number for id_, number in numbers.items() if number in there}


def said_of(
    sent: Sequence[Sent], rules: dict[str, int], *, by: Actor, now: datetime
) -> dict[Pair, Said]:
    """Return what results say of rules and entities; the last one about a pair holds.

    Entities that the catalog does not have are made, with a name and nothing else, for clients do
    not describe a service before they report about it. Raises `Invalid` where that cannot be.
    """
    entities = _entities(dict.fromkeys(item.entity for item in sent), by=by, now=now)
    return {
        (rules[item.rule_id], entities[item.entity]): Said(item.state.upper(), item.remarks)
        for item in sent
    }


def _entities(names: Collection[EntityName], *, by: Actor, now: datetime) -> dict[EntityName, int]:
    found: dict[EntityName, int] = {}
    for kind in dict.fromkeys(name.kind for name in names):
        identifiers = [name.identifier for name in names if name.kind == kind]
        blueprint = Blueprint.objects.filter(identifier=kind, is_system=False).first()
        if blueprint is None:
            raise Invalid.at("", f'there is no kind "{kind}"; create it first')
        there = _numbers(blueprint, identifiers)
        drafts = [EntityDraft(identifier=name) for name in identifiers if name not in there]
        if drafts:
            catalog_operations.upsert_entities(blueprint=blueprint, drafts=drafts, by=by, now=now)
            there = _numbers(blueprint, identifiers)
        found |= {EntityName(kind, name): there[name] for name in identifiers}
    return found


def _numbers(blueprint: Blueprint, identifiers: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for names in chunks(identifiers):
        rows = Entity.objects.filter(blueprint=blueprint, identifier__in=names)
        found |= dict(rows.values_list("identifier", "id"))
    return found
