"""Creating, replacing and deleting scorecards and rules, from their documents."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.errors import Conflict, Fault, Invalid, NotFound
from catalog.models import TEAM, Blueprint, Entity
from catalog.operations import history
from catalog.signals import muted
from portal.permissions import Actor
from scorecards import documents
from scorecards.documents import RuleDocument, ScorecardDocument
from scorecards.models import MAX_RULES, Level, Rule, Scorecard
from scorecards.operations.evaluating import rescore
from scorecards.operations.keeping import keep_scorecard
from scorecards.reach import reach_in


def document_of(scorecard: Scorecard) -> dict[str, Any]:
    """Return the scorecard document, as APIs show and accept it."""
    levels = sorted(scorecard.levels.all(), key=lambda level: level.rank)
    rules = sorted(
        scorecard.rules.all(), key=lambda rule: (rule.level.rank, rule.position, rule.pk)
    )
    return {
        "identifier": scorecard.identifier,
        "title": scorecard.title,
        "description": scorecard.description,
        "follows_catalog": scorecard.follows_catalog,
        "blueprints": sorted(row.identifier for row in scorecard.blueprints.all()),
        "filter": scorecard.filter,
        "status": str(scorecard.status),
        "levels": [{"title": level.title, "color": str(level.color)} for level in levels],
        "rules": [rule_document_of(rule) for rule in rules],
    }


def rule_document_of(rule: Rule) -> dict[str, Any]:
    """Return the document of one rule."""
    return {
        "identifier": rule.identifier,
        "title": rule.title,
        "description": rule.description,
        "how_to_fix": rule.how_to_fix,
        "level": rule.level.title,
        "query": rule.query,
        "filter": rule.filter,
        "evidence": rule.evidence,
        "is_enabled": rule.is_enabled,
        "in_force_from": rule.in_force_from.isoformat() if rule.in_force_from else None,
        "owner": rule.owner.identifier if rule.owner else None,
    }


@transaction.atomic
def save_scorecard(*, definition: Mapping[str, Any], by: Actor, now: datetime) -> Scorecard:
    """Create or replace a scorecard, its levels and its rules; raises `Invalid`, saving nothing.

    Rules are known by identifier and keep their bit and history. Levels are known by title; where
    a title is new, the level that had its place is taken to be renamed. What changes no result
    (colours, texts, titles of rules) evaluates nothing.
    """
    document = parsed(definition)
    owners = owners_of([rule.owner for rule in document.rules])
    scorecard = Scorecard.objects.filter(identifier=document.identifier).first()
    before = document_of(scorecard) if scorecard else {}
    by.must_edit_scorecard({*document.blueprints, *before.get("blueprints", ())})
    with muted():
        scorecard = _save_row(scorecard, document)
        gone = _save_levels(scorecard, document)
        _save_rules(scorecard, document, owners=owners)
        after = document_of(_fresh(scorecard))
        if before != after:
            record_scorecard(before, after, by=by, now=now)
        if _meaning(before) != _meaning(after):
            rescore(scorecard_id=scorecard.pk, now=now)
        # Last, so that history can still name the level that an entity comes from.
        Level.objects.filter(id__in=gone).delete()
    return _fresh(scorecard)


def parsed(definition: Mapping[str, Any]) -> ScorecardDocument:
    """Return a document, checked against the catalog as it is; raises `Invalid`."""
    specs = registry.graph().specs
    return documents.parse(
        definition,
        known_keys={name: spec.fact_keys for name, spec in specs.items()},
        reach=reach_in(specs.values()),
    )


def _fresh(scorecard: Scorecard) -> Scorecard:
    return Scorecard.objects.with_parts().get(pk=scorecard.pk)


def locked_document(scorecard: Scorecard) -> dict[str, Any]:
    """Return the document for an edit of a part of it; other edits wait for this one to end.

    To be asked inside the transaction of the edit. Raises `NotFound` where it is gone.
    """
    # Not against evaluations, whose rows point at it: they would wait for each other for ever.
    rows = Scorecard.objects.select_for_update(no_key=True).filter(pk=scorecard.pk)
    if not rows.values_list("id"):
        raise NotFound(f"the scorecard '{scorecard.identifier}' was deleted")
    return document_of(_fresh(scorecard))


def owners_of(names: Sequence[str | None]) -> dict[str, Entity]:
    """Return the teams that own the rules of a document, by identifier; raises `Invalid`."""
    owners = {team.identifier: team for team in Entity.objects.of(TEAM).named(filter(None, names))}
    faults = [
        Fault(
            f"rules[{index}].owner", f"there is no team '{name}'; create it first", is_missing=True
        )
        for index, name in enumerate(names)
        if name and name not in owners
    ]
    if faults:
        raise Invalid(faults)
    return owners


def _save_row(scorecard: Scorecard | None, document: ScorecardDocument) -> Scorecard:
    scorecard = scorecard or Scorecard(identifier=document.identifier)
    for name in ("title", "description", "follows_catalog", "filter", "status"):
        setattr(scorecard, name, getattr(document, name))
    scorecard.save()
    scorecard.blueprints.set(Blueprint.objects.filter(identifier__in=document.blueprints))
    return scorecard


def _save_levels(scorecard: Scorecard, document: ScorecardDocument) -> list[int]:
    """Write the levels; return the ids of those that the document no longer has."""
    stored = {level.title: level for level in scorecard.levels.all()}
    titles = {title for title, _ in document.levels}
    spare = {level.rank: level for title, level in stored.items() if title not in titles}
    for rank, (title, color) in enumerate(document.levels):
        level = stored.get(title) or spare.pop(rank, None) or Level(scorecard=scorecard)
        if (level.title, level.color, level.rank) != (title, color, rank) or level.pk is None:
            level.title, level.color, level.rank = title, color, rank
            level.save()
    gone = [level.pk for level in spare.values()]
    # Out of the way of the ranks in use until they are deleted.
    Level.objects.filter(id__in=gone).update(rank=1_000)
    return gone


def _save_rules(
    scorecard: Scorecard,
    document: ScorecardDocument,
    *,
    owners: Mapping[str, Entity],
) -> None:
    levels = {level.title: level for level in scorecard.levels.exclude(rank=1_000)}
    stored = {rule.identifier: rule for rule in scorecard.rules.all()}
    names = {rule.identifier for rule in document.rules}
    scorecard.rules.exclude(identifier__in=names).delete()
    used = {rule.bit for name, rule in stored.items() if name in names}
    for position, wanted in enumerate(document.rules):
        rule = stored.get(wanted.identifier)
        if rule is None:
            rule = Rule(
                scorecard=scorecard,
                identifier=wanted.identifier,
                bit=free_bit(used),
            )
            used.add(rule.bit)
        _fill(rule, wanted, levels=levels, owners=owners, position=position)
        rule.save()


def _fill(
    rule: Rule,
    wanted: RuleDocument,
    *,
    levels: Mapping[str, Level],
    owners: Mapping[str, Entity],
    position: int,
) -> None:
    for name in (
        "title", "description", "how_to_fix", "query", "filter", "evidence", "is_enabled",
        "in_force_from",
    ):  # fmt: skip
        setattr(rule, name, getattr(wanted, name))
    rule.level = levels[wanted.level]
    rule.owner = owners[wanted.owner] if wanted.owner else None
    rule.position = position


def free_bit(used: set[int]) -> int:
    """Return a free position in the masks, above those in use while there are any."""
    after = max(used, default=-1) + 1
    if after < MAX_RULES:
        return after
    return next(bit for bit in range(MAX_RULES) if bit not in used)


_RULE_MEANING = (
    "identifier", "level", "query", "filter", "evidence", "is_enabled", "in_force_from",
)  # fmt: skip


def _meaning(document: Mapping[str, Any]) -> Any:
    """Return the part of a document that results depend on."""
    if not document:
        return None
    return (
        document["blueprints"],
        document["filter"],
        document["status"],
        # Titles too: compiled scorecards hold them, and results name the level by its row.
        [level["title"] for level in document["levels"]],
        [_level_rank(document, rule["level"]) for rule in document["rules"]],
        [{name: rule[name] for name in _RULE_MEANING[2:]} for rule in document["rules"]],
        [rule["identifier"] for rule in document["rules"]],
    )


def _level_rank(document: Mapping[str, Any], title: str) -> int:
    return [level["title"] for level in document["levels"]].index(title)


def record_scorecard(
    before: Mapping[str, Any], after: Mapping[str, Any], *, by: Actor, now: datetime
) -> None:
    """Keep in the history how the document of a scorecard moved; empty where there is none."""
    identifier = (after or before)["identifier"]
    history.record_difference(
        kind="scorecard", identifier=identifier, before=before, after=after, by=by, now=now
    )


@transaction.atomic
def delete_scorecard(*, scorecard: Scorecard, by: Actor, now: datetime, batch: str = "") -> None:
    """Delete a scorecard with everything it found; it can be restored, by the name `batch`."""
    fresh = _fresh(scorecard)
    before = document_of(fresh)
    by.must_edit_scorecard(before["blueprints"])
    keep_scorecard(fresh, document=before, by=by, now=now, batch=batch)
    record_scorecard(before, {}, by=by, now=now)
    with muted():
        scorecard.delete()


@transaction.atomic
def stop_grading(*, scorecard: Scorecard, blueprint: Blueprint, by: Actor, now: datetime) -> None:
    """Take a blueprint out of those that a scorecard grades; without any left, delete it.

    Raises `Conflict` where its rules read what only that blueprint has, and for a scorecard that
    follows the catalog, which would come back.
    """
    document = locked_document(scorecard)
    if document["follows_catalog"]:
        raise Conflict(
            f"'{scorecard.identifier}' follows the catalog: it grades whatever is owned or "
            "described; let it grade a choice of blueprints first, or delete it as a whole"
        )
    document["blueprints"] = [
        name for name in document["blueprints"] if name != blueprint.identifier
    ]
    if not document["blueprints"]:
        delete_scorecard(scorecard=scorecard, by=by, now=now)
        return
    try:
        save_scorecard(definition=document, by=by, now=now)
    except Invalid as error:
        others = ", ".join(document["blueprints"])
        raise Conflict(
            f"'{scorecard.identifier}' also grades {others}, and reads what only "
            f"'{blueprint.identifier}' has ({error}); edit its rules first"
        ) from None


@transaction.atomic
def save_rule(
    *, scorecard: Scorecard, definition: Mapping[str, Any], by: Actor, now: datetime
) -> Rule:
    """Create or replace one rule of a scorecard; raises `Invalid` with paths inside the rule."""
    if not isinstance(definition, Mapping):
        raise Invalid.at("", "must be an object")
    document = locked_document(scorecard)
    rules = document["rules"]
    name = definition.get("identifier")
    index = next((i for i, rule in enumerate(rules) if rule["identifier"] == name), len(rules))
    document["rules"] = [*rules[:index], dict(definition), *rules[index + 1 :]]
    try:
        save_scorecard(definition=document, by=by, now=now)
    except Invalid as error:
        raise Invalid(fault.out_of(f"rules[{index}]") for fault in error.faults) from None
    return Rule.objects.select_related("level", "owner", "scorecard").get(
        scorecard=scorecard, identifier=name
    )


@transaction.atomic
def delete_rule(*, rule: Rule, by: Actor, now: datetime) -> None:
    """Delete one rule and evaluate its scorecard without it."""
    document = locked_document(rule.scorecard)
    document["rules"] = [
        item for item in document["rules"] if item["identifier"] != rule.identifier
    ]
    save_scorecard(definition=document, by=by, now=now)
