"""What a save sets in motion: moved facts are evaluated, edited scorecards are scored anew."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from catalog.signals import entities_changed, is_muted
from scorecards.models import Level, Rule, Scorecard
from scorecards.operations import evaluate_moved, rescore


def connect() -> None:
    """Connect the receivers, each for its own sender."""
    entities_changed.connect(evaluate, dispatch_uid="scorecards.evaluate")
    post_save.connect(edited, sender=Scorecard, dispatch_uid="scorecards.edited")
    for part in (Level, Rule):
        post_save.connect(part_edited, sender=part, dispatch_uid=f"scorecards.{part.__name__}")
        post_delete.connect(part_edited, sender=part, dispatch_uid=f"scorecards.-{part.__name__}")


def evaluate(
    sender: Any, moved: Mapping[str, Mapping[int, Collection[str]]], now: datetime, **kwargs: Any
) -> None:
    """Evaluate the scorecards that read what moved."""
    evaluate_moved(moved, now=now)


def edited(sender: type[Scorecard], instance: Scorecard, **kwargs: Any) -> None:
    """Score an edited scorecard anew. Its deletion takes what it found with it."""
    if not is_muted():
        rescore(scorecard_id=instance.pk, now=timezone.now())


def part_edited(sender: type[Level] | type[Rule], instance: Level | Rule, **kwargs: Any) -> None:
    """Score the scorecard of an edited or deleted level or rule anew."""
    if not is_muted():
        rescore(scorecard_id=instance.scorecard_id, now=timezone.now())
