"""Installing ready-made packs: blueprints, extended where they exist, and scorecards."""

from datetime import datetime

from django.db import transaction

from catalog import registry
from catalog.errors import NotFound
from catalog.operations import save_blueprints
from portal.permissions import Actor
from scorecards.models import Scorecard
from scorecards.operations.editing import save_scorecard
from scorecards.packs import PACKS, extend_blueprint, load_pack


@transaction.atomic
def install_pack(*, name: str, by: Actor, now: datetime) -> list[Scorecard]:
    """Install a pack, or bring an installed one up to date; return its scorecards.

    Blueprints that exist are extended, never reduced. Raises `NotFound` naming the packs there are.
    """
    if name not in PACKS:
        raise NotFound(f"there is no pack '{name}'; there are: {', '.join(sorted(PACKS))}")
    pack = load_pack(name)
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
    return [save_scorecard(definition=item, by=by, now=now) for item in pack.scorecards]
