"""What is kept of deleted entities and scorecards here: what clients said of them, sent back."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db import models

from catalog import trash
from catalog.bulk import IsAmong
from catalog.models import Blueprint, Deleted
from portal.integrations.models import (
    DeclaredRelation,
    EntityDefinition,
    EventKey,
    RuleNote,
    ScorecardNote,
)
from scorecards.models import Rule
from scorecards.operations.kept_rows import plain


class _Part(NamedTuple):
    """Rows of a model about something: by which column, whose identifier, which columns."""

    model: type[models.Model]
    owner: str
    named: tuple[str, ...]
    columns: tuple[str, ...]


_STAMPS = ("created_at", "updated_at")
_OF_ENTITIES = {
    "definition": _Part(
        EntityDefinition,
        "entity",
        (),
        ("schema_version", "namespace", "document", "inherited", "text", *_STAMPS),
    ),
    "event_key": _Part(EventKey, "entity", (), ("key",)),
    "declared": _Part(
        DeclaredRelation,
        "definer",
        (),
        ("type", "from_kind", "from_identifier", "to_kind", "to_identifier", *_STAMPS),
    ),
}
_OF_SCORECARDS = {
    "notes": _Part(
        ScorecardNote, "scorecard", ("blueprint__identifier",), ("identifier", "written")
    ),
    "rule_notes": _Part(
        RuleNote, "rule__scorecard", ("rule__identifier",), ("scope", "filter", "owner", *_STAMPS)
    ),
}
# By the id of what they are about and the name of the part, the rows: names, then columns.
_Kept = Mapping[int, Mapping[str, list[list[Any]]]]


def connect() -> None:
    """Have it kept, and brought back."""
    trash.keepers[Deleted.Kind.ENTITY]["integrations"] = trash.Keeper(
        _gather_of_entities, _bring_back_entities
    )
    trash.keepers[Deleted.Kind.SCORECARD]["integrations"] = trash.Keeper(
        _gather_of_scorecards, _bring_back_scorecards
    )


def _gather_of_entities(ids: Collection[int]) -> _Kept:
    return _gather(_OF_ENTITIES, ids)


def _gather_of_scorecards(ids: Collection[int]) -> _Kept:
    return _gather(_OF_SCORECARDS, ids)


def _gather(parts: Mapping[str, _Part], ids: Collection[int]) -> _Kept:
    found: dict[int, dict[str, list[list[Any]]]] = defaultdict(lambda: defaultdict(list))
    for name, part in parts.items():
        rows = part.model.objects.filter(IsAmong(part.owner, ids)).order_by("pk")
        for id_, *values in rows.values_list(part.owner, *part.named, *part.columns):
            found[id_][name].append([plain(value) for value in values])
    return found


def _bring_back_entities(kept: _Kept) -> None:
    for name, part in _OF_ENTITIES.items():
        _write(
            part,
            [
                ({f"{part.owner}_id": id_}, row)
                for id_, rows in kept.items()
                for row in rows.get(name, ())
            ],
        )


def _bring_back_scorecards(kept: _Kept) -> None:
    blueprints = dict(Blueprint.objects.values_list("identifier", "id"))
    for id_, parts in kept.items():
        rules = dict(Rule.objects.filter(scorecard=id_).values_list("identifier", "id"))
        _write(
            _OF_SCORECARDS["notes"],
            [
                ({"scorecard_id": id_, "blueprint_id": blueprints[name]}, row)
                for name, *row in parts.get("notes", ())
                if name in blueprints
            ],
        )
        _write(
            _OF_SCORECARDS["rule_notes"],
            [({"rule_id": rules[name]}, row) for name, *row in parts.get("rule_notes", ())],
        )


def _write(part: _Part, rows: list[tuple[dict[str, int], list[Any]]]) -> None:
    fields = [part.model._meta.get_field(name) for name in part.columns]
    # An address that somebody else has taken meanwhile stays theirs.
    part.model.objects.bulk_create(
        [
            part.model(
                **owner,
                **{
                    field.name: field.to_python(value)
                    for field, value in zip(fields, row, strict=True)
                },
            )
            for owner, row in rows
        ],
        batch_size=1_000,
        ignore_conflicts=True,
    )
