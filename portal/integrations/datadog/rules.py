"""Writing rules as clients of this dialect do: by the name of a scorecard, by scope and level."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Fault, Invalid
from catalog.models import TEAM, Blueprint, Entity
from portal.integrations.datadog import ids
from portal.integrations.datadog.rule_answers import level_of, scope_of
from portal.integrations.datadog.rule_reading import rule_with_id, visible_rules, visible_scorecards
from portal.integrations.datadog.rules_codec import (
    LEVELS,
    RuleDraft,
    identifier_for,
    required,
    team_named,
)
from portal.integrations.datadog.scopes import parse_scope
from portal.integrations.models import RuleNote
from portal.permissions import Actor
from scorecards import custom, operations
from scorecards.models import MAX_RULES, Level, Rule, Scorecard

Document = dict[str, Any]
# What parts of our rules are called here, for who is told what is wrong with them.
_PLACES = {"title": "name", "filter": "scope_query", "is_enabled": "enabled"}


@transaction.atomic
def create_rule(*, draft: RuleDraft, by: Actor, now: datetime) -> Rule:
    """Create a rule whose results are reported, and its scorecard where none is called so.

    Raises `Invalid` where that has as many as fit.
    """
    _wait_for_turn()
    scorecard = _scorecard_of(draft, by=by, now=now)
    if scorecard is None:
        raise Invalid([required("scorecard_name")])
    _check_room(scorecard)
    rule = _save(
        scorecard,
        {
            "identifier": identifier_for(draft.name, taken=_identifiers(scorecard)),
            "how_to_fix": "",
            "query": None,
            "in_force_from": None,
            "level": _level(scorecard, draft.level).title,
            **_said(draft),
        },
        by=by,
        now=now,
    )
    _note(rule, draft, made_at=now, now=now)
    return rule_with_id(ids.rule_id(rule.pk))


@transaction.atomic
def replace_rule(*, id_: str, draft: RuleDraft, by: Actor, now: datetime) -> Rule:
    """Replace what is said of a rule; its query stays, and so does a filter that no scope says.

    With the name of another scorecard it moves there, with what was reported for it. Raises
    `NotFound`, and `Invalid` as `create_rule` does.
    """
    _wait_for_turn()
    rule = _locked(id_)
    scope = scope_of(rule)
    rule = _moved(rule, draft, by=by, now=now)
    document = {**operations.rule_document_of(rule), **_said(draft)}
    if level_of(rule) != draft.level:
        document["level"] = _level(rule.scorecard, draft.level).title
    if scope is None and draft.scope is None:
        document["filter"] = rule.filter
    saved = _save(rule.scorecard, document, by=by, now=now)
    _note(saved, draft, made_at=rule.scorecard.created_at, now=now)
    return rule_with_id(id_)


@transaction.atomic
def delete_rule(*, id_: str, by: Actor, now: datetime) -> None:
    """Delete a rule with its outcomes; a scorecard that it leaves empty goes as it came.

    Raises `NotFound`, and `Invalid` for a rule of a pack, which would bring it back.
    """
    _wait_for_turn()
    rule = _locked(id_)
    if not custom.is_custom(rule, custom.installed_rules()):
        raise Invalid.at("", "this rule comes from a pack; switch it off by enabled: false")
    operations.delete_rule(rule=rule, by=by, now=now)
    _delete_if_empty(rule.scorecard, by=by, now=now)


def _wait_for_turn() -> None:
    """Let one at a time look for a scorecard by its name, or there would be two of that name."""
    # The row that those who save blueprints lock first.
    rows = Blueprint.objects.order_by("id").select_for_update(no_key=True)
    list(rows.values_list("id")[:1])


def _locked(id_: str) -> Rule:
    rule = rule_with_id(id_)
    operations.locked_document(rule.scorecard)
    # Again, now that nobody else writes it.
    return rule_with_id(id_)


def _scorecard_of(draft: RuleDraft, *, by: Actor, now: datetime) -> Scorecard | None:
    """Return the scorecard that a draft names, which is made where none has the name."""
    if draft.scorecard_id:
        number = ids.scorecard_number(draft.scorecard_id)
        found = visible_scorecards().filter(pk=number).first()
        if found is None:
            raise Invalid([Fault("", 'attribute "scorecard_id" failed scorecard lookup')])
        return found
    if not draft.scorecard_name:
        return None
    found = visible_scorecards().filter(title=draft.scorecard_name).first()
    return found or _new_scorecard(draft.scorecard_name, by=by, now=now)


def _new_scorecard(title: str, *, by: Actor, now: datetime) -> Scorecard:
    taken = set(Scorecard.objects.values_list("identifier", flat=True))
    return operations.save_scorecard(
        definition={
            "identifier": identifier_for(title, taken=taken),
            "title": title,
            "follows_catalog": True,
            "levels": list(LEVELS),
        },
        by=by,
        now=now,
    )


def _check_room(scorecard: Scorecard) -> None:
    if scorecard.rules.count() >= MAX_RULES:
        raise Invalid.at(
            "scorecard_name",
            f"'{scorecard.title}' has {MAX_RULES} rules, as many as fit; name another scorecard",
        )


def _identifiers(scorecard: Scorecard) -> set[str]:
    return set(scorecard.rules.values_list("identifier", flat=True))


def _level(scorecard: Scorecard, wanted: int) -> Level:
    """Return the level of a scorecard that stands for 1, 2 or 3: the highest where it has fewer."""
    levels = scorecard.levels.filter(rank__gte=1, rank__lte=wanted)
    return levels.order_by("-rank")[0]


def _said(draft: RuleDraft) -> Document:
    """Return what a draft says of a rule, as our documents say it."""
    return {
        "title": draft.name,
        "description": draft.description,
        "filter": parse_scope(draft.scope or ""),
        "is_enabled": draft.is_enabled,
        "owner": _team(draft.owner),
    }


def _team(owner: str) -> str | None:
    named = Entity.objects.of(TEAM).named([team_named(owner)])
    return named.values_list("identifier", flat=True).first()


def _moved(rule: Rule, draft: RuleDraft, *, by: Actor, now: datetime) -> Rule:
    """Return the rule in the scorecard that a draft names; where it names none, it stays."""
    old = rule.scorecard
    if not draft.scorecard_id and draft.scorecard_name in (None, old.title):
        return rule
    new = _scorecard_of(draft, by=by, now=now)
    if new is None or new == old:
        return rule
    if not custom.is_custom(rule, custom.installed_rules()):
        raise Invalid.at("scorecard_name", f"this rule comes from a pack; leave it '{old.title}'")
    _check_room(new)
    operations.move_rule(
        rule=rule,
        to=new,
        identifier=identifier_for(draft.name, taken=_identifiers(new)),
        level=_level(new, draft.level),
        by=by,
        now=now,
    )
    _delete_if_empty(old, by=by, now=now)
    return visible_rules().get(pk=rule.pk)


def _delete_if_empty(scorecard: Scorecard, *, by: Actor, now: datetime) -> None:
    """Delete a scorecard that was made for its rules when the last of them is gone.

    No client of this dialect could; one that people have described is theirs.
    """
    is_made_for_rules = scorecard.follows_catalog and not scorecard.description
    if is_made_for_rules and not scorecard.rules.exists():
        operations.delete_scorecard(scorecard=scorecard, by=by, now=now)


def _save(scorecard: Scorecard, document: Document, *, by: Actor, now: datetime) -> Rule:
    with _own_words():
        return operations.save_rule(scorecard=scorecard, definition=document, by=by, now=now)


@contextmanager
def _own_words() -> Iterator[None]:
    """Tell what is wrong with our document of a rule by the names of this dialect."""
    try:
        yield
    except Invalid as error:
        raise Invalid(_told_here(fault) for fault in error.faults) from None


def _told_here(fault: Fault) -> Fault:
    head = fault.path.partition(".")[0]
    return fault.at(_PLACES.get(head, fault.path))


def _note(rule: Rule, draft: RuleDraft, *, made_at: datetime, now: datetime) -> None:
    note = RuleNote.objects.filter(rule=rule).first() or RuleNote(rule=rule, created_at=made_at)
    note.scope = draft.scope or ""
    # What the scope stands for; a filter that no scope says has none.
    note.filter = parse_scope(note.scope)
    note.owner = draft.owner
    note.updated_at = now
    note.save()
