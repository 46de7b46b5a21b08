"""What scorecards tell the rest of the house."""

from django.dispatch import Signal

# Sent after commit, once for all that one chunk moved. Argument: entity_ids, of the entities with
# new `LevelChange` rows; what to do is read from the rows.
levels_changed = Signal()

# Sent in the transaction that installs a pack, or brings it up to date, for those who keep what of
# it is not ours. Arguments: pack (see `scorecards.packs.Pack`), by, now.
pack_installed = Signal()
