"""Installing ready-made packs: blueprints, extended where they exist, and scorecards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.errors import NotFound
from catalog.operations import history, save_blueprints
from portal.permissions import Actor
from scorecards.models import InstalledPack, Scorecard
from scorecards.operations.editing import delete_scorecard, save_scorecard
from scorecards.packs import OFFICIAL, PACKS, Pack, extend_blueprint, load_pack, merge_settings
from scorecards.signals import pack_installed

Settings = Mapping[str, Any]


@transaction.atomic
def install_pack(
    *, name: str, by: Actor, now: datetime, settings: Settings | None = None
) -> list[Scorecard]:
    """Install a pack, or bring an installed one up to date; return its scorecards.

    Blueprints that exist are extended, never reduced; pages are left to who keeps pages, by
    `pack_installed`. Of the `settings` (see `scorecards.packs.settings`) those that are not given
    stay as they were set before. Raises `NotFound` naming the packs there are, and `Invalid` for
    settings, with their names as paths.
    """
    if name not in PACKS:
        raise NotFound(f"there is no pack '{name}'; there are: {', '.join(sorted(PACKS))}")
    row, is_new = InstalledPack.objects.select_for_update().get_or_create(
        name=name, defaults={"installed_at": now, "updated_at": now}
    )
    before, after = row.settings, merge_settings(name, row.settings, settings or {})
    pack = load_pack(name, settings=after)
    _save_blueprints(pack, by=by, now=now)
    scorecards = [save_scorecard(definition=item, by=by, now=now) for item in pack.scorecards]
    if before.get("thresholds") and not after["thresholds"]:
        _withdraw_official(by=by, now=now)
    row.settings, row.updated_at = after, now
    row.save()
    if is_new or before != after:
        _record(name, before, after, by=by, now=now)
    pack_installed.send(sender=InstalledPack, pack=pack, by=by, now=now)
    return scorecards


def _save_blueprints(pack: Pack, *, by: Actor, now: datetime) -> None:
    stored = {key: dict(spec.document) for key, spec in registry.graph().specs.items()}
    save_blueprints(
        definitions=[
            extend_blueprint(stored[item["identifier"]], item)
            if item["identifier"] in stored
            else item
            for item in pack.blueprints
        ],
        by=by,
        now=now,
    )


def _withdraw_official(*, by: Actor, now: datetime) -> None:
    """Delete the scorecards by a year's report, which go with the year."""
    for scorecard in Scorecard.objects.filter(identifier__in=OFFICIAL).order_by("id"):
        delete_scorecard(scorecard=scorecard, by=by, now=now)


def _record(name: str, before: Settings, after: Settings, *, by: Actor, now: datetime) -> None:
    moved = [key for key in after if key not in before or before[key] != after[key]]
    history.record_change(
        kind="pack",
        identifier=name,
        before={key: before.get(key) for key in moved} if before else {},
        after={key: after[key] for key in moved},
        by=by,
        now=now,
    )
