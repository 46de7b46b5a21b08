"""Configuration of the scorecards app."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    """How good it is."""

    name = "scorecards"

    def ready(self) -> None:
        """Connect what re-evaluates what a save moved, and what is kept of what is deleted.

        SQLite learns to count bits.
        """
        from catalog import trash
        from scorecards import popcount, receivers
        from scorecards.operations.kept_rows import bring_back, gather
        from scorecards.operations.restoring import restore_scorecard

        receivers.connect()
        popcount.connect()
        trash.keepers["entity"]["scorecards"] = trash.Keeper(gather, bring_back)
        trash.restorers["scorecard"] = restore_scorecard
