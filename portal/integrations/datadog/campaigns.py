"""Finding, writing and showing campaigns as clients of this dialect know them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound

from catalog.errors import Fault, Invalid
from catalog.models import TEAM, Entity
from portal.integrations.datadog import ids
from portal.integrations.datadog.campaigns_codec import (
    CampaignDraft,
    Tally,
    in_words_of_the_dialect,
    write_score,
)
from portal.integrations.datadog.scopes import parse_scope, write_scope
from portal.integrations.models import CampaignNote
from portal.permissions import EVERYTHING, Actor, Rights, Sight
from scorecards import operations
from scorecards.campaign_progress import known_outcomes, progress_of
from scorecards.campaigns import rule_name
from scorecards.models import Campaign, Rule

Document = dict[str, Any]


def campaigns(sight: Sight) -> "QuerySet[Campaign]":
    """Return all campaigns, with what their answers name of what somebody sees."""
    return Campaign.objects.with_parts(sight).select_related("note").order_by("id")


def campaign_of(name: str, sight: Sight) -> Campaign:
    """Return the campaign with an id, or with a key; raises `NotFound`."""
    number = ids.campaign_number(name)
    # An id that is also somebody's key is an id.
    by_id = campaigns(sight).filter(pk=number).first() if number else None
    campaign = by_id or campaigns(sight).filter(identifier=name).first()
    if campaign is None:
        raise NotFound("Campaign not found")
    return campaign


def narrowed(*, name: str, status: str, owner: str, sight: Sight) -> "QuerySet[Campaign]":
    """Return the campaigns whose name holds every word, of a status, of an owner; raises `Invalid`.

    What is empty narrows nothing.
    """
    rows = campaigns(sight)
    for word in name.split()[:30]:
        rows = rows.filter(title__icontains=word)
    if status:
        if status not in Campaign.Status.values:
            choices = ", ".join(Campaign.Status.values)
            raise Invalid.at("filter[campaign][status]", f"give one of {choices}")
        rows = rows.filter(status=status)
    if owner:
        # No entity has the number 0.
        number = ids.entity_number(owner) or 0
        rows = rows.filter(Q(owner=number) | Q(owner__isnull=True, note__owner_id=owner))
    return rows


@transaction.atomic
def create_campaign(*, draft: CampaignDraft, by: Actor, now: datetime) -> Campaign:
    """Create a campaign; raises `Invalid`, also where its key is taken."""
    key = draft.key or ""
    if Campaign.objects.filter(identifier=key).exists():
        raise Invalid.at("key", f"there is a campaign '{key}' already; choose another key")
    return _save(None, draft, key=key, by=by, now=now)


@transaction.atomic
def replace_campaign(
    *, campaign: Campaign, draft: CampaignDraft, by: Actor, now: datetime
) -> Campaign:
    """Replace what is said of a campaign; without a key it keeps its own. Raises `Invalid`."""
    key = campaign.identifier if draft.key is None else draft.key
    return _save(campaign, draft, key=key, by=by, now=now)


def _save(
    campaign: Campaign | None, draft: CampaignDraft, *, key: str, by: Actor, now: datetime
) -> Campaign:
    team = _team_with_id(draft.owner_id)
    definition = {
        "identifier": key,
        "title": draft.name,
        "description": draft.description or "",
        "guidance": draft.guidance or "",
        "owner": team.identifier if team else None,
        "rules": _names_of(draft.rule_ids),
        "filter": parse_scope(draft.entity_scope or "", path="entity_scope"),
        "starts_at": draft.start_date,
        "due_at": draft.due_date or None,
    }
    if draft.status is not None:
        definition["status"] = draft.status
    try:
        saved = operations.save_campaign(definition=definition, campaign=campaign, by=by, now=now)
    except Invalid as error:
        raise in_words_of_the_dialect(error) from None
    CampaignNote.objects.update_or_create(
        campaign=saved,
        defaults={
            "scope": draft.entity_scope or "",
            "filter": saved.filter,
            "owner_id": draft.owner_id,
        },
    )
    return campaigns(EVERYTHING).get(pk=saved.pk)


def _team_with_id(id_: str) -> Entity | None:
    return Entity.objects.of(TEAM).filter(pk=ids.entity_number(id_)).first()


def _names_of(rule_ids: Sequence[str]) -> list[str]:
    """Return the names of rules by their ids; raises `Invalid` with those that there are not."""
    numbers = [ids.rule_number(id_) for id_ in rule_ids]
    rules = Rule.objects.select_related("scorecard").in_bulk({item for item in numbers if item})
    faults = [
        Fault(f"rule_ids[{index}]", f"there is no rule '{id_}'", is_missing=True)
        for index, (id_, number) in enumerate(zip(rule_ids, numbers, strict=True))
        if number not in rules
    ]
    if faults:
        raise Invalid(faults)
    return [rule_name(rules[number]) for number in numbers if number is not None]


def write_campaign(campaign: Campaign) -> Document:
    """Return the object of a campaign; what is not set is left out."""
    optional = {
        "description": campaign.description,
        "guidance": campaign.guidance,
        "entity_scope": _scope_of(campaign),
        "due_date": campaign.due_at and stamp(campaign.due_at),
    }
    return {
        "id": ids.campaign_id(campaign.pk),
        "type": "campaign",
        "attributes": {
            "key": campaign.identifier,
            "name": campaign.title,
            "owner": _owner_of(campaign),
            "status": str(campaign.status),
            "start_date": stamp(campaign.starts_at),
            "created_at": stamp(campaign.created_at),
            "modified_at": stamp(campaign.updated_at),
            **{key: value for key, value in optional.items() if value},
        },
        "relationships": {
            "rules": {"data": [_reference(rule, "rule") for rule in campaign.rules.all()]}
        },
    }


def stamp(moment: datetime) -> str:
    """Return a moment as this dialect writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _reference(rule: Rule, type_: str) -> Document:
    return {"id": ids.rule_id(rule.pk), "type": type_}


def _scope_of(campaign: Campaign) -> str | None:
    """Return the scope as it was sent, or, where others edited the filter, as it reads now."""
    note = _note_of(campaign)
    if note is not None and note.filter == campaign.filter:
        return note.scope
    return write_scope(campaign.filter)


def _owner_of(campaign: Campaign) -> str:
    """Return the owner's id as it was sent, unless another team owns it by now."""
    note = _note_of(campaign)
    sent = note.owner_id if note else ""
    if campaign.owner_id is None or ids.entity_number(sent) == campaign.owner_id:
        return sent
    return ids.entity_id(campaign.owner_id)


def _note_of(campaign: Campaign) -> CampaignNote | None:
    return campaign.note if hasattr(campaign, "note") else None


def with_scores(answer: Document, campaign: Campaign, *, now: datetime, rights: Rights) -> Document:
    """Return the answer about a campaign with the scores of it and of its rules beside it."""
    rules = list(campaign.rules.all())
    tallies = _tallies(campaign, now=now, rights=rights)
    id_ = ids.campaign_id(campaign.pk)
    whole = Tally(
        passed=sum(tally.passed for tally in tallies.values()),
        failed=sum(tally.failed for tally in tallies.values()),
        skipped=sum(tally.skipped for tally in tallies.values()),
        unknown=sum(tally.unknown for tally in tallies.values()),
    )
    relationships = {
        **answer["data"]["relationships"],
        "campaign_score": {"data": {"id": id_, "type": "score"}},
        "rule_scores": {"data": [_reference(rule, "score") for rule in rules]},
    }
    return {
        **answer,
        "data": {**answer["data"], "relationships": relationships},
        "included": [
            write_score(id_, whole, aggregation="campaign"),
            *(
                write_score(ids.rule_id(rule.pk), tallies[rule.pk], aggregation="rule")
                for rule in rules
            ),
        ],
    }


def _tallies(campaign: Campaign, *, now: datetime, rights: Rights) -> dict[int, Tally]:
    """Return how each rule fares; of a reported rule, nothing is known where nobody reported."""
    progress = progress_of(campaign, now=now, rights=rights)
    known = known_outcomes(campaign, now=now, rights=rights)
    found = {}
    for item in progress.rules:
        counts = item.results
        total = counts.counting + counts.skipped
        unknown = max(total - known.get(item.rule.pk, 0), 0) if item.rule.is_reported else 0
        unknown = min(unknown, counts.skipped)
        found[item.rule.pk] = Tally(counts.passed, counts.failed, counts.skipped - unknown, unknown)
    return found


def counts_of(campaign: Campaign, *, now: datetime, rights: Rights) -> Document:
    """Return how many entities a campaign is about, and how many rules it has."""
    return {
        "entity_count": progress_of(campaign, now=now, rights=rights).entities,
        "rule_count": len(campaign.rules.all()),
    }
