"""Loading the demo: a real catalog, replayed so that it has a past.

Everything that happened before the last weeks is loaded as one state; from there on the events come
week by week, each week at its own time, so that levels have moved and pages have a history to show.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from catalog.models import Blueprint
from catalog.operations import EntityDraft, refresh_clock_values, upsert_entities
from portal.demo_campaign import BEGAN, make_demo_campaign
from portal.integrations.notices.demo import make_demo_report
from portal.permissions import Actor
from scorecards.operations import install_pack, sweep
from scorecards.packs.demo import DemoData, DemoUser, read_demo

# Less than the 90 days after which a service counts as inactive: commits are not replayed.
REPLAYED_WEEKS = 12
BATCH = 1_000
PASSWORD = "tidemark-demo"  # noqa: S105 - the demo's, printed when it starts
LOADER = Actor(label="demo loader", source="command")
# When something is known of an event, by blueprint: the last of these that it has.
MOMENTS = {
    "deployment": ("deployed_at",),
    "pull_request": ("opened_at", "merged_at"),
    "incident": ("opened_at", "resolved_at"),
}
PACKS = ("dora", "basics", "production_readiness", "observability", "ownership")

Drafts = list[dict[str, Any]]


def is_loaded() -> bool:
    """Say whether the demo is there."""
    return Blueprint.objects.filter(identifier="service", entities__isnull=False).exists()


@transaction.atomic
def load_demo(*, now: datetime, advance: Callable[[int], object] = lambda count: None) -> int:
    """Load the demo's packs, users and entities, in one transaction; return how many entities.

    `advance` is called with the number of entities that each step loaded.
    """
    demo = read_demo(now)
    start = now - timedelta(weeks=REPLAYED_WEEKS)
    for name in PACKS:
        install_pack(name=name, by=LOADER, now=start)
    for user in demo.users:
        _make_user(user)
    count = 0
    for moment, blueprint, drafts in _steps(demo, start=start, now=now):
        if drafts:
            outcome = upsert_entities(
                blueprint=Blueprint.objects.get(identifier=blueprint),
                drafts=[EntityDraft(**draft) for draft in drafts],
                by=LOADER,
                now=moment,
                datasource="demo",
            )
        else:
            refresh_clock_values(now=moment)
            if moment == now - BEGAN:
                make_demo_campaign(by=LOADER, now=moment)
            sweep(now=moment)
            continue
        advance(outcome.created)
        count += outcome.created
    make_demo_report(by=LOADER, now=now)
    return count


def _make_user(user: DemoUser) -> None:
    get_user_model().objects.create_user(
        username=user.username,
        email=user.email,
        password=PASSWORD,
        first_name=user.first_name,
        last_name=user.last_name,
        is_staff=user.is_admin,
        is_superuser=user.is_admin,
    )


def _steps(
    demo: DemoData, *, start: datetime, now: datetime
) -> Iterator[tuple[datetime, str, Drafts]]:
    """Yield what to load when; a step without drafts ends a week."""
    weeks = [start + timedelta(weeks=index) for index in range(REPLAYED_WEEKS)] + [now]
    coming = {name: _by_moment(name, demo) for name in demo.entities}
    for week in weeks:
        for name, queue in coming.items():
            due = [draft for moment, draft in queue if moment is None or moment <= week]
            coming[name] = queue[len(due) :]
            for index in range(0, len(due), BATCH):
                yield week, name, [_clipped(item, week) for item in due[index : index + BATCH]]
        yield week, "", []
    yield now, "service", demo.entities["service"]


def _clipped(draft: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """Return the draft without commits that are still to come at that moment."""
    last = draft["properties"].get("last_commit_at")
    if last is None or datetime.fromisoformat(last) <= moment:
        return draft
    return {**draft, "properties": {**draft["properties"], "last_commit_at": moment.isoformat()}}


def _by_moment(name: str, demo: DemoData) -> list[tuple[datetime | None, dict[str, Any]]]:
    """Return the drafts of a blueprint with the moment each becomes known, in that order."""
    deployments = demo.entities["deployment"]
    shipped = {draft["identifier"]: _moment("deployment", draft) for draft in deployments}
    queue = [(_known_at(name, draft, shipped), draft) for draft in demo.entities[name]]
    return sorted(queue, key=lambda item: item[0] or datetime.min.replace(tzinfo=UTC))


def _known_at(
    name: str, draft: Mapping[str, Any], shipped: Mapping[str, datetime | None]
) -> datetime | None:
    """Return when an event and everything that it points at is known; None: from the start."""
    moments = [_moment(name, draft)]
    for target in draft.get("relations", {}).values():
        moments.append(shipped.get(target))
    return max((moment for moment in moments if moment is not None), default=None)


def _moment(name: str, draft: Mapping[str, Any]) -> datetime | None:
    stamps = [
        draft["properties"][key] for key in MOMENTS.get(name, ()) if draft["properties"].get(key)
    ]
    return max(map(datetime.fromisoformat, stamps), default=None)
