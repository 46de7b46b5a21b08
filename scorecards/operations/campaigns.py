"""Writing campaigns: from their documents, by the clock, and how far they are each day."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.bulk import insert_rows
from catalog.errors import Fault, Invalid
from catalog.models import TEAM, Entity
from catalog.operations import history
from portal.permissions import SYSTEM, Actor
from scorecards import campaign_documents
from scorecards.campaign_documents import CampaignDocument
from scorecards.campaign_progress import Progress, progress_of
from scorecards.campaigns import rule_name
from scorecards.models import Campaign, CampaignSnapshot, Rule
from scorecards.operations.campaign_past import FIELDS, tell_past


def campaign_document_of(campaign: Campaign) -> dict[str, Any]:
    """Return the campaign document, as APIs show and accept it."""
    return {
        "identifier": campaign.identifier,
        "title": campaign.title,
        "description": campaign.description,
        "guidance": campaign.guidance,
        "owner": campaign.owner.identifier if campaign.owner else None,
        "rules": sorted(rule_name(rule) for rule in campaign.rules.all()),
        "filter": campaign.filter,
        "status": str(campaign.status),
        "starts_at": campaign.starts_at.isoformat(),
        "due_at": campaign.due_at.isoformat() if campaign.due_at else None,
    }


@transaction.atomic
def save_campaign(
    *,
    definition: Mapping[str, Any],
    by: Actor,
    now: datetime,
    campaign: Campaign | None = None,
) -> Campaign:
    """Create or replace a campaign; raises `Invalid`, saving nothing.

    Without a `campaign` it is the one with the document's identifier, if there is any; with one, it
    takes on the document's identifier. Where the document says nothing about the status, a stored
    campaign keeps its own, and a new one is under way from its start on.
    """
    rules = _rules_by_name()
    document = campaign_documents.parse(
        definition, rules=_keys_of(rules), teams=_teams(definition.get("owner"))
    )
    same = Campaign.objects.select_for_update().filter(identifier=document.identifier).first()
    if campaign is not None and same is not None and same.pk != campaign.pk:
        message = f"there is a campaign '{document.identifier}' already; choose another identifier"
        raise Invalid([Fault("identifier", message, is_conflict=True)])
    stored = _fresh(campaign or same) if campaign or same else None
    before = campaign_document_of(stored) if stored else {}
    saved = _save_row(stored or Campaign(created_at=now, updated_at=now), document, now=now)
    saved.rules.set([rules[name] for name in document.rules])
    saved = _fresh(saved)
    if before != (after := campaign_document_of(saved)):
        Campaign.objects.filter(pk=saved.pk).update(updated_at=now)
        saved.updated_at = now
        _record(before, after, by=by, now=now)
    if saved.status != Campaign.Status.NOT_STARTED:
        progress = take_campaign_snapshot(campaign=saved, now=now)
        if stored is None:
            tell_past(campaign=saved, progress=progress, now=now)
    return saved


def _rules_by_name() -> dict[str, Rule]:
    rows = Rule.objects.select_related("scorecard").prefetch_related("scorecard__blueprints")
    return {rule_name(rule): rule for rule in rows.order_by("-id")}


def _keys_of(rules: Mapping[str, Rule]) -> dict[str, Collection[str]]:
    """Return the keys of the facts of what each rule's scorecard grades."""
    specs = registry.graph().specs
    by_scorecard: dict[int, Collection[str]] = {}
    for rule in rules.values():
        if rule.scorecard_id not in by_scorecard:
            names = (row.identifier for row in rule.scorecard.blueprints.all())
            keys = (specs[name].fact_keys for name in names if name in specs)
            by_scorecard[rule.scorecard_id] = {key for part in keys for key in part}
    return {name: by_scorecard[rule.scorecard_id] for name, rule in rules.items()}


def _teams(name: Any) -> Collection[str]:
    """Return the team of this name, if there is one; what is no name is left to the schema."""
    if not isinstance(name, str) or "\x00" in name:
        return ()
    return list(_team(name).values_list("identifier", flat=True))


def _team(name: str) -> Any:
    return Entity.objects.of(TEAM).named([name])


def _save_row(campaign: Campaign, document: CampaignDocument, *, now: datetime) -> Campaign:
    is_new = campaign.pk is None
    for name in (
        "identifier", "title", "description", "guidance", "filter", "starts_at", "due_at",
    ):  # fmt: skip
        setattr(campaign, name, getattr(document, name))
    campaign.owner = _team(document.owner).get() if document.owner else None
    if document.status is not None:
        campaign.status = document.status
    elif is_new and document.starts_at <= now:
        campaign.status = Campaign.Status.IN_PROGRESS
    campaign.save()
    return campaign


def _fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.with_parts().get(pk=campaign.pk)


def _record(
    before: Mapping[str, Any], after: Mapping[str, Any], *, by: Actor, now: datetime
) -> None:
    """Write down what differs between two documents, of which one may be empty."""
    identifier = (after or before)["identifier"]
    history.record_difference(
        kind="campaign", identifier=identifier, before=before, after=after, by=by, now=now
    )


@transaction.atomic
def delete_campaign(*, campaign: Campaign, by: Actor, now: datetime) -> None:
    """Delete a campaign with its burn-up; the rules and their results stay."""
    _record(campaign_document_of(_fresh(campaign)), {}, by=by, now=now)
    campaign.delete()


def advance_campaigns(*, now: datetime) -> int:
    """Start the campaigns whose start has come, and keep how far each is; return how many run."""
    waiting = Campaign.objects.filter(status=Campaign.Status.NOT_STARTED, starts_at__lte=now)
    for campaign in waiting.order_by("id"):
        _start(campaign, now=now)
    running = list(Campaign.objects.running().with_parts())
    for campaign in running:
        take_campaign_snapshot(campaign=campaign, now=now)
    return len(running)


@transaction.atomic
def _start(campaign: Campaign, *, now: datetime) -> None:
    waiting = Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.NOT_STARTED)
    # Only by whoever moved it: another sweep, or a person, may have been quicker.
    if waiting.update(status=Campaign.Status.IN_PROGRESS, updated_at=now) == 1:
        name = {"identifier": campaign.identifier}
        before, after = Campaign.Status.NOT_STARTED.value, Campaign.Status.IN_PROGRESS.value
        _record({**name, "status": before}, {**name, "status": after}, by=SYSTEM, now=now)


def take_campaign_snapshot(*, campaign: Campaign, now: datetime) -> Progress:
    """Keep how far a campaign is, whose parts are loaded, as the last word on this day so far."""
    found = progress_of(campaign, now=now)
    row = (
        campaign.pk, now.date(), found.passed, found.failed, found.skipped, found.done,
        found.entities,
    )  # fmt: skip
    insert_rows(CampaignSnapshot, [row], fields=FIELDS, unique=("campaign", "day"))
    return found
