"""Rows that are written together, and columns that are read in a hurry, hold what they should."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from catalog.bulk import insert_rows, update_rows
from catalog.models import Entity
from tests.builders import NOW, make_blueprint, make_entity

pytestmark = pytest.mark.django_db

FIELDS = (
    "blueprint", "identifier", "title", "icon", "properties", "computed", "facts", "problems",
    "datasource", "created_at", "created_by", "updated_at", "updated_by", "stale_since",
)  # fmt: skip


def insert(titles: list[str], moments: list[datetime | None]) -> None:
    blueprint = make_blueprint()
    rows = [
        (
            blueprint.pk,
            f"e{number}",
            title,
            "",
            "{}",
            "{}",
            "{}",
            "[]",
            "",
            NOW,
            "",
            NOW,
            "",
            moment,
        )
        for number, (title, moment) in enumerate(zip(titles, moments, strict=True))
    ]
    insert_rows(Entity, rows, fields=FIELDS)


def stored(field: str) -> list[Any]:
    return list(Entity.objects.order_by("id").values_list(field, flat=True))


def test_texts_come_back_as_they_were_inserted() -> None:
    titles = ["", "NULL", "null", '"', "\\", '\\"', "{a,b}", ",", " ", "\n\t", "é 雪 😀", "%s", "'"]
    insert(titles, [None] * len(titles))
    assert stored("title") == titles


@pytest.mark.parametrize(
    "moments",
    [
        [NOW, None, datetime(1, 1, 1, tzinfo=UTC)],
        [datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)],
        [None, None],
    ],
    ids=["some", "all", "none"],
)
def test_moments_and_nulls_come_back_as_they_were_inserted(moments: list[datetime | None]) -> None:
    insert(["title"] * len(moments), moments)
    assert stored("stale_since") == moments


def test_rows_hold_what_they_were_updated_with_and_no_others_do() -> None:
    make_blueprint("service")
    rows = [make_entity() for _ in range(3)]
    before = Entity.objects.values_list("title", "facts", "stale_since").get(pk=rows[2].pk)
    rows[0].title, rows[1].title = 'NULL "a", \\{b}', "ü %s"
    rows[0].facts = {"text": 'x"\\\n', "nothing": None, "numbers": [1, 2.5, True]}
    rows[1].facts, rows[1].stale_since = {}, NOW
    fields = ("title", "facts", "stale_since")
    update_rows(rows[:2], fields=fields)
    found = list(Entity.objects.order_by("id").values_list(*fields))
    assert found == [*((row.title, row.facts, row.stale_since) for row in rows[:2]), before]


def test_a_number_beyond_the_checks_is_read_as_django_reads_it() -> None:
    make_blueprint()
    entity = make_entity("pay")
    with connection.cursor() as cursor:
        kept = "UPDATE catalog_entity SET computed = '{\"n\": 1e400}' WHERE id = %s"
        cursor.execute(kept, [entity.pk])
    entity = Entity.objects.get(pk=entity.pk)
    # PostgreSQL spells the number out, and it is a whole one.
    assert entity.computed["n"] in (float("inf"), 10**400)


def test_a_key_of_a_column_is_read_by_itself() -> None:
    make_blueprint(schema={"properties": {"tier": {"type": "string"}}, "required": []})
    make_entity("pay", properties={"tier": "gold"})
    assert stored("properties__tier") == ["gold"]
