"""Every write of the catalog: atomic, raising `catalog.errors` for what callers did wrong."""

from catalog.operations.blueprints import delete_blueprint, save_blueprint, save_blueprints
from catalog.operations.deleting import delete_entities
from catalog.operations.drafts import UNSET, EntityDraft
from catalog.operations.entities import Outcome, upsert_entities, upsert_entity
from catalog.operations.refreshing import (
    distrust_samples,
    fill_samples,
    note_rebuilt,
    rebuild,
    rebuild_next,
    rebuild_stale,
    refresh_clock_values,
)
from catalog.operations.settling import settle_deleted, settle_saved

__all__ = [
    "UNSET",
    "EntityDraft",
    "Outcome",
    "delete_blueprint",
    "delete_entities",
    "distrust_samples",
    "fill_samples",
    "note_rebuilt",
    "rebuild",
    "rebuild_next",
    "rebuild_stale",
    "refresh_clock_values",
    "save_blueprint",
    "save_blueprints",
    "settle_deleted",
    "settle_saved",
    "upsert_entities",
    "upsert_entity",
]
