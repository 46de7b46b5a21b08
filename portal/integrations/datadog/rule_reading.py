"""The rules and scorecards that clients of this dialect see: those of published scorecards."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from catalog.errors import NotFound
from portal.integrations.datadog import ids
from portal.permissions import Rights
from scorecards import custom
from scorecards.custom import PackRules
from scorecards.models import Rule, Scorecard
from scorecards.querysets import ScorecardQuerySet


@dataclass(frozen=True)
class RuleFilter:
    """Which rules to list; empty, or None, is any. Name and description are parts of theirs."""

    id: str = ""
    name: str = ""
    description: str = ""
    is_enabled: bool | None = None
    is_custom: bool | None = None


def visible_rules(rights: Rights | None = None) -> "QuerySet[Rule]":
    """Return the rules with what an answer says of them, in the order in which they were made.

    With `rights`, without those of scorecards that only grade what these may not read.
    """
    rows = Rule.objects.filter(scorecard__status=Scorecard.Status.PUBLISHED)
    if rights is not None and rights.hidden:
        rows = rows.filter(scorecard__in=Scorecard.objects.readable_by(rights))
    return rows.select_related("scorecard", "level", "owner", "note").order_by("id")


def rules_like(wanted: RuleFilter, built_in: PackRules, *, rights: Rights) -> "QuerySet[Rule]":
    """Return the rules that a list asks for."""
    rows = visible_rules(rights)
    if wanted.id:
        rows = rows.filter(pk=ids.rule_number(wanted.id))
    if wanted.name:
        rows = rows.filter(title__icontains=wanted.name)
    if wanted.description:
        rows = rows.filter(description__icontains=wanted.description)
    if wanted.is_enabled is not None:
        rows = rows.filter(is_enabled=wanted.is_enabled)
    if wanted.is_custom is not None:
        built_in_ones = custom.from_packs(built_in)
        rows = rows.filter(~built_in_ones if wanted.is_custom else built_in_ones)
    return rows


def rule_with_id(id_: str) -> Rule:
    """Return the rule with an id; raises `NotFound`."""
    rule = visible_rules().filter(pk=ids.rule_number(id_)).first()
    if rule is None:
        raise NotFound(f"rule not found: {id_}")
    return rule


def visible_scorecards() -> ScorecardQuerySet:
    """Return the scorecards in the order in which they were made."""
    return Scorecard.objects.published().order_by("id")


def scorecards_like(parts: Mapping[str, str], *, rights: Rights) -> "QuerySet[Scorecard]":
    """Return the scorecards that a list asks for: by id, and by parts of name and description."""
    rows = visible_scorecards().readable_by(rights)
    if id_ := parts.get("id"):
        rows = rows.filter(pk=ids.scorecard_number(id_))
    if name := parts.get("name"):
        rows = rows.filter(title__icontains=name)
    if description := parts.get("description"):
        rows = rows.filter(description__icontains=description)
    return rows
