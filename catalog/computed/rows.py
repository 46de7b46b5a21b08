"""Rows of samples as plain tuples: no model instance is made for millions."""

from typing import NamedTuple


class SampleRow(NamedTuple):
    """A `Sample`: an event at an anchor, in the columns' order."""

    series_id: int
    anchor_id: int
    entity_id: int
    at: int | None
    window_at: int | None
    value: float | None
