"""What scorecards tell the rest of the house."""

from django.dispatch import Signal

# Sent after commit. Argument: level_change_ids, of the `LevelChange` rows that were written.
levels_changed = Signal()
