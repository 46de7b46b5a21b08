"""What the wire dialect says of a scorecard and the scorecard itself has no place for."""

from typing import Self

from django.db import models
from django.db.models import F

from catalog.models import Blueprint
from scorecards.models import Scorecard


class ScorecardNoteQuerySet(models.QuerySet):
    """Chainable reads of notes."""

    def in_force(self) -> Self:
        """Keep the notes of scorecards that still grade the blueprint."""
        return self.filter(scorecard__blueprints=F("blueprint"))


class ScorecardNote(models.Model):
    """A scorecard as the clients of the wire dialect know it on one of its blueprints.

    There, identifiers are unique on a blueprint; ours are unique altogether. `identifier` is
    theirs, and `written` the document as they last sent it, for what ours does not keep: which keys
    were left out, and keys of conditions that mean nothing.
    """

    scorecard = models.ForeignKey(
        Scorecard, on_delete=models.CASCADE, related_name="notes", db_index=False
    )
    blueprint = models.ForeignKey(
        Blueprint, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    identifier = models.CharField(max_length=100)
    written = models.JSONField(default=dict)

    objects = ScorecardNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            # An address of the dialect.
            models.UniqueConstraint(
                fields=["blueprint", "identifier"], name="scorecardnote_address"
            ),
            # What a scorecard is called.
            models.UniqueConstraint(fields=["scorecard", "blueprint"], name="scorecardnote_once"),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} on {self.blueprint_id}"
