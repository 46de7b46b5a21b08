"""Installing ready-made packs: blueprints, extended where they exist, and scorecards."""

from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registry
from catalog.errors import Invalid, NotFound
from catalog.operations import save_blueprints
from portal.permissions import Actor
from scorecards.models import Scorecard
from scorecards.operations.editing import save_scorecard
from scorecards.packs import (
    PACKS,
    UnknownYearError,
    extend_blueprint,
    load_pack,
    official_scorecards,
    thresholds_of,
)

# The pack whose measures DORA's reports have thresholds for.
GRADED = "dora"


@transaction.atomic
def install_pack(
    *,
    name: str,
    by: Actor,
    now: datetime,
    thresholds: int | None = None,
    with_measures: bool = True,
) -> list[Scorecard]:
    """Install a pack, or bring an installed one up to date; return its scorecards.

    Blueprints that exist are extended, never reduced. With `thresholds`, the year of a report,
    scorecards by that report come with it, in the place of another year's. Without `with_measures`
    the properties of `measures.yaml` are left out. Raises `NotFound` naming the packs or years
    there are, and `Invalid` for thresholds that the pack has nothing to be graded by.
    """
    if name not in PACKS:
        raise NotFound(f"there is no pack '{name}'; there are: {', '.join(sorted(PACKS))}")
    official = _official(name, thresholds, with_measures=with_measures)
    pack = load_pack(name, with_measures=with_measures)
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
    documents = [*pack.scorecards, *official]
    return [save_scorecard(definition=item, by=by, now=now) for item in documents]


def _official(name: str, year: int | None, *, with_measures: bool) -> list[dict[str, Any]]:
    """Return the scorecards by the report of a year, none without a year."""
    if year is None:
        return []
    if name != GRADED:
        raise Invalid.at("thresholds", f"the pack '{name}' has none; only '{GRADED}' has")
    if not with_measures:
        raise Invalid.at("thresholds", "they grade the measures, so these cannot be left out")
    try:
        return official_scorecards(thresholds_of(year))
    except UnknownYearError as error:
        raise NotFound(str(error)) from error
