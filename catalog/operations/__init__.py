"""Every write of the catalog: atomic, raising `catalog.errors` for what callers did wrong."""

from catalog.operations.blueprints import (
    check_deletable,
    delete_blueprint,
    save_blueprint,
    save_blueprints,
)
from catalog.operations.clock import (
    by_the_clock,
    refresh_clock_values,
    refresh_clock_values_together,
)
from catalog.operations.deleting import Dependents, delete_entities
from catalog.operations.drafts import STRICT, UNSET, EntityDraft, Leniency
from catalog.operations.entities import upsert_entities, upsert_entity
from catalog.operations.outcomes import Outcome
from catalog.operations.permissions import set_permissions
from catalog.operations.refreshing import (
    begin_shared_rebuild,
    continue_shared_rebuild,
    distrust_samples,
    fill_samples,
    note_rebuilt,
    rebuild,
    rebuild_next,
    rebuild_once,
    rebuild_stale,
)
from catalog.operations.renaming import rename_blueprint, rename_property, rename_relation
from catalog.operations.restoring import Restored, restore
from catalog.operations.retaining import (
    Kept,
    doomed_by_retention,
    retain,
    retain_all,
    set_retention,
)
from catalog.operations.sealing import Broken, forget_old, restart, seal
from catalog.operations.selections import (
    MOST_CHOSEN,
    delete_chosen,
    set_owners,
    set_property,
)
from catalog.operations.settling import settle_deleted, settle_saved
from catalog.operations.teams import save_team, save_user
from catalog.operations.trashing import is_kept, purge_deleted
from catalog.operations.values import drop_values
from catalog.operations.verifying import Verified, verify

__all__ = [
    "MOST_CHOSEN",
    "STRICT",
    "UNSET",
    "Broken",
    "Dependents",
    "EntityDraft",
    "Kept",
    "Leniency",
    "Outcome",
    "Verified",
    "Restored",
    "begin_shared_rebuild",
    "by_the_clock",
    "check_deletable",
    "continue_shared_rebuild",
    "delete_blueprint",
    "delete_chosen",
    "delete_entities",
    "distrust_samples",
    "doomed_by_retention",
    "drop_values",
    "fill_samples",
    "forget_old",
    "is_kept",
    "note_rebuilt",
    "purge_deleted",
    "rebuild",
    "rebuild_next",
    "rebuild_once",
    "rebuild_stale",
    "refresh_clock_values",
    "refresh_clock_values_together",
    "rename_blueprint",
    "rename_property",
    "rename_relation",
    "restart",
    "restore",
    "retain",
    "retain_all",
    "save_blueprint",
    "save_blueprints",
    "save_team",
    "save_user",
    "seal",
    "set_owners",
    "set_permissions",
    "set_property",
    "set_retention",
    "settle_deleted",
    "settle_saved",
    "upsert_entities",
    "upsert_entity",
    "verify",
]
