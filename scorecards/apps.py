"""Configuration of the scorecards app."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    """How good it is."""

    name = "scorecards"

    def ready(self) -> None:
        """Connect the receivers that re-evaluate what a save moved; SQLite learns to count bits."""
        from scorecards import popcount, receivers

        receivers.connect()
        popcount.connect()
