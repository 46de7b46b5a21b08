"""What other systems say of blueprints, and the catalog has no place for."""

from django.db import models

from catalog.models import Blueprint


class BlueprintNote(models.Model):
    """Beside one blueprint: what came with it over the wire, and is shown there again.

    `extras` are keys that only the wire knows (see `port.blueprint_codec`). `waiting` lists the
    parts that are not in the blueprint yet, since they need others that do not exist, as
    ``{"section", "key", "definition", "reason"}`` in the words of our document. Who made no note
    has an empty one.
    """

    blueprint = models.OneToOneField(Blueprint, on_delete=models.CASCADE, related_name="note")
    extras = models.JSONField(default=dict, blank=True)
    waiting = models.JSONField(default=list, blank=True)
    # When something moved that is only said here.
    updated_at = models.DateTimeField(editable=False)

    def __str__(self) -> str:
        return f"note on {self.blueprint_id}"
