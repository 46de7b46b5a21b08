"""What a save sets in motion: moved facts are evaluated, edited scorecards are scored anew."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from catalog.errors import Conflict, HasDependents
from catalog.models import Blueprint
from catalog.signals import (
    blueprint_deleting,
    blueprints_saved,
    entities_changed,
    entities_deleting,
    fact_renaming,
    is_muted,
)
from portal.permissions import Actor
from scorecards.models import Level, Rule, Scorecard
from scorecards.operations import (
    compute_descriptions,
    evaluate_moved,
    follow_catalog,
    rescore,
    uncount,
)
from scorecards.reading import readers_of


def connect() -> None:
    """Connect the receivers, each for its own sender."""
    entities_changed.connect(evaluate, dispatch_uid="scorecards.evaluate")
    entities_deleting.connect(forget, dispatch_uid="scorecards.forget")
    blueprints_saved.connect(follow, dispatch_uid="scorecards.follow")
    blueprint_deleting.connect(keep_graded, dispatch_uid="scorecards.keep_graded")
    fact_renaming.connect(keep_read, dispatch_uid="scorecards.keep_read")
    post_save.connect(edited, sender=Scorecard, dispatch_uid="scorecards.edited")
    for part in (Level, Rule):
        post_save.connect(part_edited, sender=part, dispatch_uid=f"scorecards.{part.__name__}")
        post_delete.connect(part_edited, sender=part, dispatch_uid=f"scorecards.-{part.__name__}")


def evaluate(
    sender: Any, moved: Mapping[str, Mapping[int, Collection[str]]], now: datetime, **kwargs: Any
) -> None:
    """Evaluate the scorecards that read what moved."""
    evaluate_moved(moved, now=now)


def forget(sender: Any, entity_ids: Collection[int], **kwargs: Any) -> None:
    """Take the entities that are about to go out of the counters."""
    uncount(entity_ids=entity_ids)


def follow(sender: type[Blueprint], by: Actor, now: datetime, **kwargs: Any) -> None:
    """Keep in step with the catalog what follows it."""
    compute_descriptions(by=by, now=now)
    follow_catalog(now=now)


def edited(sender: type[Scorecard], instance: Scorecard, **kwargs: Any) -> None:
    """Score an edited scorecard anew. Its deletion takes what it found with it."""
    if not is_muted():
        if instance.follows_catalog:
            follow_catalog(now=timezone.now())
        rescore(scorecard_id=instance.pk, now=timezone.now())


def part_edited(sender: type[Level] | type[Rule], instance: Level | Rule, **kwargs: Any) -> None:
    """Score the scorecard of an edited or deleted level or rule anew."""
    if not is_muted():
        rescore(scorecard_id=instance.scorecard_id, now=timezone.now())


def keep_graded(sender: type[Blueprint], blueprint: Blueprint, **kwargs: Any) -> None:
    """Refuse to let a blueprint go that is all that a scorecard grades."""
    rows = Scorecard.objects.filter(blueprints=blueprint, follows_catalog=False)
    rows = rows.order_by("identifier")
    only = [row.identifier for row in rows if row.blueprints.count() == 1]
    if only:
        raise HasDependents(
            f"it is all that {', '.join(only)} grades; delete the scorecard first, or let it grade "
            "another blueprint"
        )


def keep_read(sender: type[Blueprint], blueprint: Blueprint, fact: str, **kwargs: Any) -> None:
    """Refuse to let go of a name that conditions read: nobody knows what else they mean by it."""
    if readers := readers_of(blueprint, fact):
        raise Conflict(f"'{fact}' is read by {', '.join(readers)}; edit them first")
