"""What scorecards keep of entities and of themselves when these are deleted, and bring back.

Rows are plain JSON: scorecards, rules and entities stand in them by identifier. What was moved to
another scorecard, or is gone, is passed over.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, models

from catalog.bulk import IsAmong, insert_rows
from catalog.models import Entity
from scorecards import compiled as compiling
from scorecards.models import (
    Evaluation,
    Exemption,
    Fingerprint,
    LevelChange,
    Outcome,
    PastOutcome,
    Rule,
    RuleChange,
    Scorecard,
)
from scorecards.operations.counting import Tally
from scorecards.operations.rows import STORED, Row

# Scorecard and rule; the rule is empty where the row is about the scorecard as a whole.
Place = tuple[str, str]


@dataclass(frozen=True)
class Part:
    """Rows of one model that are about entities: which columns of theirs are kept."""

    model: type[models.Model]
    columns: tuple[str, ...]
    is_of_rule: bool = True

    @property
    def owner(self) -> str:
        """Return the column that says whether rule or scorecard."""
        return "rule_id" if self.is_of_rule else "scorecard_id"

    @property
    def place(self) -> tuple[str, ...]:
        """Return where the identifiers of scorecard and rule stand."""
        if self.is_of_rule:
            return ("rule__scorecard__identifier", "rule__identifier")
        return ("scorecard__identifier",)


PARTS = {
    "outcomes": Part(
        Outcome, ("state", "remark", "created_at", "reported_at", "reported_by")
    ),
    "past_outcomes": Part(
        PastOutcome, ("state", "remark", "reported_at", "reported_by", "ended_at")
    ),
    "exemptions": Part(
        Exemption,
        (
            "reason", "asked_by", "approved_by", "expires_on", "created_at", "ended_at",
            "ended_by",
        ),
    ),
    "rule_changes": Part(RuleChange, ("before", "after", "at")),
    # With their ids, by which notifications know what was told already.
    "level_changes": Part(
        LevelChange,
        ("id", "from_level", "from_rank", "to_level", "to_rank", "at"),
        is_of_rule=False,
    ),
}  # fmt: skip
SNAPSHOT = ("team", "day", "levels", "passed", "failed")
_EVALUATION = ("passed", "skipped", "newest_rule_id", "evaluated_at", "level_changed_at")


def gather(entity_ids: Collection[int]) -> dict[int, dict[str, list[list[Any]]]]:
    """Return what there is about entities: by id, by part, ``[scorecard, rule, *columns]``."""
    found: dict[int, dict[str, list[list[Any]]]] = defaultdict(lambda: defaultdict(list))
    for name, part in PARTS.items():
        rows = part.model.objects.filter(IsAmong("entity_id", entity_ids)).order_by("id")
        for id_, *values in rows.values_list("entity_id", *part.place, *part.columns):
            place = values[: len(part.place)] + [""] * (2 - len(part.place))
            found[id_][name].append([*place, *map(plain, values[len(part.place) :])])
    evaluations = Evaluation.objects.filter(IsAmong("entity_id", entity_ids)).order_by("id")
    columns = ("scorecard__identifier", "level__title", *_EVALUATION)
    for id_, *values in evaluations.values_list("entity_id", *columns):
        found[id_]["evaluations"].append([plain(value) for value in values])
    return found


def plain(value: Any) -> Any:
    """Return what JSON can hold; moments keep all of their digits."""
    return value.isoformat() if isinstance(value, date) else value


def bring_back(kept: Mapping[int, Mapping[str, list[list[Any]]]]) -> None:
    """Write what was gathered of entities for those that came back, before they are evaluated."""
    owners = _Owners.found()
    for name, part in PARTS.items():
        rows = [(id_, row) for id_, parts in kept.items() for row in parts.get(name, ())]
        write_part(
            part,
            [
                (id_, owner, row[2:])
                for id_, row in rows
                if (owner := owners.of(part, row[0], row[1])) is not None
            ],
        )
    _bring_back_evaluations(kept)


@dataclass(frozen=True)
class _Owners:
    """The ids of scorecards and rules by their identifiers."""

    scorecards: Mapping[str, int]
    rules: Mapping[Place, int]

    @classmethod
    def found(cls) -> "_Owners":
        rules = Rule.objects.values_list("scorecard__identifier", "identifier", "id")
        return cls(
            dict(Scorecard.objects.values_list("identifier", "id")),
            {(scorecard, rule): id_ for scorecard, rule, id_ in rules},
        )

    def of(self, part: Part, scorecard: str, rule: str) -> int | None:
        if part.is_of_rule:
            return self.rules.get((scorecard, rule))
        return self.scorecards.get(scorecard)


def write_part(part: Part, rows: Sequence[tuple[int, int, Sequence[Any]]]) -> None:
    """Write rows of a part: ``(entity id, id of rule or scorecard, values of the columns)``."""
    fields = [part.model._meta.get_field(name) for name in part.columns]
    ready = [
        (id_, owner, *(field.to_python(value) for field, value in zip(fields, values, strict=True)))
        for id_, owner, values in rows
    ]
    columns = ("entity_id", part.owner, *part.columns)
    if part.columns[0] == "id":
        ready = _write_with_ids(part.model, ready, columns)
        columns = (*columns[:2], *columns[3:])
    insert_rows(part.model, ready, fields=columns)


def _write_with_ids(
    model: type[models.Model], rows: list[tuple[Any, ...]], columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Write rows under the ids that they had; return those whose id is taken, without it."""
    ids = [row[2] for row in rows]
    taken = set(model.objects.filter(IsAmong("id", ids)).values_list("id", flat=True))
    insert_rows(model, [row for row in rows if row[2] not in taken], fields=columns)
    _number_on(model, max(ids, default=0))
    return [(*row[:2], *row[3:]) for row in rows if row[2] in taken]


def _number_on(model: type[models.Model], newest: int) -> None:
    """See to it that no new row gets an id up to this one: in a copy of a database it might."""
    if not newest or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute("SELECT nextval(%s)", [sequence])
        if cursor.fetchone()[0] < newest:
            cursor.execute("SELECT setval(%s, %s)", [sequence, newest])


def _bring_back_evaluations(kept: Mapping[int, Mapping[str, list[list[Any]]]]) -> None:
    """Write the evaluations that there were, counted for nobody until the owners are known.

    What evaluating finds is then compared with them, as if the entities had never been gone.
    """
    found = Entity.objects.filter(IsAmong("id", kept))
    entities = {
        id_: (blueprint_id, name)
        for id_, blueprint_id, name in found.values_list(
            "id", "blueprint_id", "blueprint__identifier"
        )
    }
    identifiers = dict(Scorecard.objects.values_list("id", "identifier"))
    grading = {
        name: {identifiers[item.id]: item for item in compiling.for_blueprint(name)}
        for name in {name for _, name in entities.values()}
    }
    tally, rows = Tally(), []
    for id_, parts in kept.items():
        blueprint_id, name = entities[id_]
        for scorecard, title, passed, skipped, newest, *moments in parts.get("evaluations", ()):
            ready = grading[name].get(scorecard)
            level = _level_titled(ready, title) if ready else None
            if ready is None or level is None:
                continue
            row = Row(id_, ready.id, level, passed, skipped, newest, blueprint_id, ())
            tally.add(row, ready)
            rows.append((*row.stored, *map(datetime.fromisoformat, moments)))
    insert_rows(Evaluation, rows, fields=(*STORED, "evaluated_at", "level_changed_at"))
    insert_rows(
        Fingerprint, [(id_, None, "[]") for id_ in kept], fields=("entity_id", "value", "teams")
    )
    tally.write()


def _level_titled(scorecard: compiling.CompiledScorecard, title: str) -> int | None:
    return next((item.id for item in scorecard.levels.values() if item.title == title), None)
