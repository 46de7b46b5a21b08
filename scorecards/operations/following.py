"""Keeping scorecards that follow the catalog in step with it."""

from datetime import datetime

from django.db import transaction

from catalog.models import Entity
from scorecards.models import Scorecard
from scorecards.operations.evaluating import rescore
from scorecards.reach import described_blueprints


@transaction.atomic
def follow_catalog(*, now: datetime) -> None:
    """Let the scorecards that follow the catalog grade what it has become.

    A blueprint that is still without entities costs them no evaluation: programs do not depend on
    which blueprints there are.
    """
    followers = list(Scorecard.objects.filter(follows_catalog=True).order_by("id"))
    if not followers:
        return
    wanted = {row.pk for row in described_blueprints()}
    for scorecard in followers:
        held = set(scorecard.blueprints.values_list("id", flat=True))
        if held == wanted:
            continue
        scorecard.blueprints.set(wanted)
        if Entity.objects.filter(blueprint__in=held ^ wanted).exists():
            rescore(scorecard_id=scorecard.pk, now=now)
