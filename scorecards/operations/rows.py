"""Rows of evaluations and history as plain tuples: no model instance is made for millions."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from catalog.bulk import IsAmong
from scorecards.models import Evaluation
from scorecards.querysets import EvaluationQuerySet


class Row(NamedTuple):
    """An evaluation: what it found, and for which owners of which blueprint it is counted."""

    entity_id: int
    scorecard_id: int
    level_id: int | None
    passed: int
    skipped: int
    newest_rule_id: int
    blueprint_id: int
    teams: tuple[str, ...]

    @property
    def stored(self) -> tuple[int | None, ...]:
        """Return what its own columns hold; owners stand with the entity's fingerprint."""
        return self[: len(STORED)]


STORED = Row._fields[:6]


class LevelMove(NamedTuple):
    """A `LevelChange` by its columns: to be written, or read without the rest."""

    entity_id: int
    scorecard_id: int
    from_level: str
    from_rank: int
    to_level: str
    to_rank: int
    at: datetime


class RuleMove(NamedTuple):
    """A `RuleChange` to be written."""

    entity_id: int
    rule_id: int
    before: str
    after: str
    at: datetime


def stored_rows(
    entity_ids: Collection[int], scorecard_ids: Collection[int]
) -> dict[tuple[int, int], Row]:
    """Return what is stored about these entities: ``(entity id, scorecard id) -> row``.

    To be asked when the entities are locked: it is what will be taken back.
    """
    found = rows_of(
        Evaluation.objects.filter(
            IsAmong("scorecard_id", scorecard_ids), IsAmong("entity_id", entity_ids)
        )
    )
    return {(row.entity_id, row.scorecard_id): row for row in found}


def rows_of(evaluations: EvaluationQuerySet) -> list[Row]:
    """Return evaluations as rows."""
    counted = ("entity__blueprint_id", "entity__fingerprint__teams")
    values = evaluations.values_list(*STORED, *counted)
    return [Row(*columns, _teams_in(teams)) for *columns, teams in values]


@lru_cache(maxsize=4_096)
def _teams_in(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()
