"""Reads of what is stored about pages, as chainable methods."""

from typing import Self

from django.db import models
from django.db.models import Q


class TableViewQuerySet(models.QuerySet):
    """Chainable reads of saved views."""

    def of(self, blueprint_id: int) -> Self:
        """Keep the views of a blueprint's table, by title."""
        return self.filter(blueprint_id=blueprint_id).order_by("title", "id")

    def visible_to(self, user_id: int | None) -> Self:
        """Keep what is shared, and what belongs to this user."""
        own = Q(owner_id=user_id) if user_id is not None else Q(pk__in=[])
        return self.filter(Q(is_shared=True) | own)
