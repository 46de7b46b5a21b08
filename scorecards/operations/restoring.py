"""Bringing back a scorecard that was deleted, with what hung on it."""

from collections import Counter as Sums
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import trash
from catalog.errors import Conflict, Fault, Invalid
from catalog.models import TEAM, Blueprint, Deleted, Entity
from catalog.signals import muted
from portal.permissions import Actor
from scorecards.models import Campaign, Level, Rule, Scorecard, ScorecardSnapshot
from scorecards.operations.editing import document_of, parsed, record_scorecard
from scorecards.operations.evaluating import rescore
from scorecards.operations.kept_rows import PARTS, SNAPSHOT, write_part


@transaction.atomic
def restore_scorecard(row: Deleted, by: Actor, now: datetime) -> list[Fault]:
    """Bring back a scorecard with its rules, under their bits, and evaluate it anew.

    Returns what no longer fits: rules that read what is gone come back all the same. Raises
    `Conflict` where the identifier is taken, or nothing is left that it could grade.
    """
    document = row.document
    if Scorecard.objects.filter(identifier=row.identifier).exists():
        raise Conflict(f"there is a scorecard '{row.identifier}' again; delete or rename it first")
    blueprints = list(Blueprint.objects.filter(identifier__in=document["blueprints"]))
    by.must_edit_scorecard(document["blueprints"])
    if not blueprints:
        names = ", ".join(document["blueprints"])
        raise Conflict(f"there is no blueprint {names} any more that it could grade")
    remarks = list(_remarks(document, blueprints))
    with muted():
        scorecard = _write(document, blueprints)
        rules = {rule.identifier: rule.pk for rule in scorecard.rules.all()}
        _rejoin_campaigns(document["campaigns"], rules)
        lost = _write_kept(row, scorecard, rules)
        for name, keeper in trash.keepers[Deleted.Kind.SCORECARD].items():
            if kept := document["kept"].get(name):
                keeper.bring_back({scorecard.pk: kept})
        rescore(scorecard_id=scorecard.pk, now=now)
    after = document_of(Scorecard.objects.with_parts().get(pk=scorecard.pk))
    record_scorecard({}, after, by=by, now=now)
    remarks += [
        Fault(name, f"{count:,} were left out: their entities are not there")
        for name, count in sorted(lost.items())
    ]
    return [fault.at(f"{row.identifier}: {fault.path}") for fault in remarks]


def _remarks(document: Mapping[str, Any], blueprints: Collection[Blueprint]) -> Iterator[Fault]:
    """Yield what no longer fits the catalog."""
    there = {blueprint.identifier for blueprint in blueprints}
    for name in sorted(set(document["blueprints"]) - there):
        yield Fault("blueprints", f"there is no blueprint '{name}' any more")
    definition = {key: value for key, value in document.items() if key not in _OURS}
    try:
        parsed({**definition, "blueprints": sorted(there)})
    except Invalid as error:
        yield from error.faults
    owners = {rule["owner"] for rule in document["rules"] if rule["owner"]}
    teams = set(Entity.objects.of(TEAM).named(owners).values_list("identifier", flat=True))
    for name in sorted(owners - teams):
        yield Fault("rules", f"there is no team '{name}' any more that owned some of them")


_OURS = frozenset(["created_at", "bits", "campaigns", "kept", "left_out"])


def _write(document: Mapping[str, Any], blueprints: Collection[Blueprint]) -> Scorecard:
    names = ("identifier", "title", "description", "follows_catalog", "filter", "status")
    scorecard = Scorecard.objects.create(**{name: document[name] for name in names})
    Scorecard.objects.filter(pk=scorecard.pk).update(
        created_at=datetime.fromisoformat(document["created_at"])
    )
    scorecard.blueprints.set(blueprints)
    levels = {
        item["title"]: Level.objects.create(scorecard=scorecard, rank=rank, **item)
        for rank, item in enumerate(document["levels"])
    }
    owners = {rule["owner"] for rule in document["rules"] if rule["owner"]}
    teams = dict(Entity.objects.of(TEAM).named(owners).values_list("identifier", "id"))
    for position, item in enumerate(document["rules"]):
        given = {key: value for key, value in item.items() if key not in ("level", "owner")}
        Rule.objects.create(
            scorecard=scorecard,
            level=levels[item["level"]],
            owner_id=teams.get(item["owner"]),
            bit=document["bits"][item["identifier"]],
            position=position,
            **given,
        )
    return scorecard


def _rejoin_campaigns(pairs: Sequence[Sequence[str]], rules: Mapping[str, int]) -> None:
    through = Campaign.rules.through
    campaigns = dict(
        Campaign.objects.filter(identifier__in={name for name, _ in pairs}).values_list(
            "identifier", "id"
        )
    )
    through.objects.bulk_create(
        through(campaign_id=campaigns[name], rule_id=rules[rule])
        for name, rule in pairs
        if name in campaigns and rule in rules
    )


def _write_kept(row: Deleted, scorecard: Scorecard, rules: Mapping[str, int]) -> Sums[str]:
    """Write what hung on the scorecard; return of what how much had no entity any more."""
    lost: Sums[str] = Sums()
    # Kept from the newest on; written from the oldest, for ids are what history is ordered by.
    for kept in row.parts.order_by("-id").iterator(chunk_size=1):
        if kept.name == "snapshots":
            _write_snapshots(scorecard, kept.rows)
            continue
        part = PARTS[kept.name]
        ids = _entity_ids(kept.rows)
        owners = rules if part.is_of_rule else {scorecard.identifier: scorecard.pk}
        lines = [
            (ids.get((blueprint, entity)), owners[owner], values)
            for blueprint, entity, owner, *values in reversed(kept.rows)
        ]
        there = [line for line in lines if line[0] is not None]
        lost[kept.name] += len(lines) - len(there)
        write_part(part, there)
    return +lost


def _entity_ids(lines: Sequence[Sequence[Any]]) -> dict[tuple[str, str], int]:
    names: dict[str, set[str]] = defaultdict(set)
    for blueprint, entity, *_ in lines:
        names[blueprint].add(entity)
    return {
        (blueprint, identifier): id_
        for blueprint, identifiers in names.items()
        for identifier, id_ in Entity.objects.of(blueprint)
        .named(identifiers)
        .values_list("identifier", "id")
    }


def _write_snapshots(scorecard: Scorecard, lines: Sequence[Sequence[Any]]) -> None:
    fields = [ScorecardSnapshot._meta.get_field(name) for name in SNAPSHOT]
    ScorecardSnapshot.objects.bulk_create(
        ScorecardSnapshot(
            scorecard=scorecard,
            **{
                field.name: field.to_python(value)
                for field, value in zip(fields, line, strict=True)
            },
        )
        for line in lines
    )
