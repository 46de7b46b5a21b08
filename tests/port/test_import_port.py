"""Moving a model over: what is read, in which order it is taken, and what is adapted."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Blueprint, Entity
from portal.dashboards.models import Page
from scorecards.models import Evaluation, Level, Rule, Scorecard

pytestmark = pytest.mark.django_db

SERVICE: dict[str, Any] = {
    "identifier": "service",
    "title": "Service",
    "schema": {"properties": {"tier": {"type": "integer", "title": "Tier"}}, "required": []},
    "relations": {"domain": {"target": "domain", "required": False, "many": False}},
    "aggregationProperties": {
        "incidents": {
            "title": "Incidents",
            "target": "incident",
            "calculationSpec": {
                "func": "count",
                "calculationBy": "entities",
                "averageOf": "month",
                "measureTimeBy": "$createdAt",
            },
        }
    },
}
DOMAIN: dict[str, Any] = {
    "identifier": "domain",
    "title": "Domain",
    "schema": {"properties": {}, "required": []},
}
INCIDENT: dict[str, Any] = {
    **DOMAIN,
    "identifier": "incident",
    "title": "Incident",
    "relations": {"service": {"target": "service"}},
}
SCORECARD: dict[str, Any] = {
    "identifier": "basics",
    "title": "Basics",
    "blueprint": "service",
    "levels": None,
    "filter": None,
    "rules": [
        {
            "identifier": "tiered",
            "title": "Has a tier",
            "level": "Bronze",
            "query": {
                "combinator": "and",
                "conditions": [{"property": "tier", "operator": "<=", "value": "2"}],
            },
        }
    ],
}
PAGE: dict[str, Any] = {
    "identifier": "overview",
    "title": "Overview",
    "type": "dashboard",
    "widgets": [
        {
            "id": "root",
            "type": "dashboard-widget",
            "layout": [{"height": 400, "columns": [{"id": "pie", "size": 12}]}],
            "widgets": [
                {
                    "id": "pie",
                    "type": "entities-pie-chart",
                    "title": "Tiers",
                    "blueprint": "service",
                    "property": "property#tier",
                    "dataset": [],
                }
            ],
        }
    ],
}
ENTITIES = [
    {"identifier": "cart", "blueprint": "service", "properties": {"tier": 1},
     "relations": {"domain": "money"}},
    {"identifier": "money", "blueprint": "domain", "title": "Money"},
]  # fmt: skip
EXPORT = {
    "entities": ENTITIES,
    "pages": [PAGE],
    "scorecards": [SCORECARD],
    "blueprints": [SERVICE, INCIDENT, DOMAIN],
    "actions": [{"identifier": "deploy"}],
}


def written(folder: Path, name: str, body: Any) -> str:
    path = folder / name
    path.write_text(json.dumps(body))
    return str(path)


def test_everything_is_taken_in_the_right_order(tmp_path: Path, capsys) -> None:
    path = written(tmp_path, "export.json", EXPORT)
    call_command("import_port", path)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"adapted  {path}.actions: 1 actions are left out: this import does not know them",
        f"adapted  {path}.blueprints[0]: 'incidents' counts, so that averageOf and measureTimeBy "
        "says nothing: left out",
        f"adapted  {path}.blueprints[0]: the type of 'tier' is number: there is no integer",
        f"adapted  {path}.scorecards[0]: has no levels: has Basic, Bronze, Silver and Gold",
        f"adapted  {path}.scorecards[0]: rule 'tiered' compared a number with text: now with a "
        "number",
        f"adapted  {path}.pages[0]: 1 datasets were lists of rules: all must hold",
        "Imported: blueprint 3, entity 2, scorecard 1, page 1.",
    ]
    cart = Entity.objects.get(identifier="cart")
    assert (cart.facts["relation#domain"], cart.facts["incidents"]) == ("money", 0)
    assert Evaluation.objects.get(entity=cart).level.title == "Bronze"
    dataset = Page.objects.get(identifier="overview").widgets[0]["widgets"][0]["dataset"]
    assert dataset == {"combinator": "and", "rules": []}


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "export.json", EXPORT)
    call_command("import_port", path)
    before = list(Entity.objects.order_by("id").values("identifier", "facts", "updated_at"))
    call_command("import_port", path)
    after = list(Entity.objects.order_by("id").values("identifier", "facts", "updated_at"))
    assert after == before
    assert Scorecard.objects.count() == 1


def test_a_directory_of_single_things_is_one_import(tmp_path: Path) -> None:
    for name, body in (("1", ENTITIES), ("2", SCORECARD), ("3", {"blueprint": SERVICE}),
                       ("4", [DOMAIN, INCIDENT]), ("5", PAGE)):  # fmt: skip
        written(tmp_path, f"{name}.json", body)
    call_command("import_port", str(tmp_path))
    assert Entity.objects.of("service").count() == 1


def test_a_trial_saves_nothing(tmp_path: Path, capsys) -> None:
    call_command("import_port", written(tmp_path, "export.json", EXPORT), "--dry-run")
    assert capsys.readouterr().out.splitlines()[-1].startswith("Would import: blueprint 3")
    assert not Blueprint.objects.filter(is_system=False).exists()
    assert not Page.objects.exists()


def test_one_thing_that_is_wrong_keeps_everything_out_and_is_named(tmp_path: Path) -> None:
    wrong = [*ENTITIES, {"identifier": "a b", "blueprint": "service"},
             {"identifier": "x", "blueprint": "nothing"}]  # fmt: skip
    rules = [{**SCORECARD["rules"][0], "query": {"combinator": "and", "conditions": []}}]
    export = {**EXPORT, "entities": wrong, "scorecards": [{**SCORECARD, "rules": rules}]}
    path = written(tmp_path, "export.json", export)
    with pytest.raises(CommandError) as refusal:
        call_command("import_port", path)
    lines = str(refusal.value).splitlines()
    assert lines[0].startswith(f"{path}.entities[2]: identifier: ")
    assert lines[1] == (
        f"{path}.entities[3]: blueprint: there is no blueprint 'nothing'; export it too"
    )
    assert lines[2].startswith(f"{path}.scorecards[0]: rules[0].query")
    assert lines[-1] == "Nothing was imported."
    assert not Entity.objects.exists()
    assert not Blueprint.objects.filter(is_system=False).exists()


def test_levels_that_only_rules_name_are_added(tmp_path: Path) -> None:
    levels = [{"title": "Low", "color": "red"}, {"title": "Fine", "color": "green"}]
    rules = [{**SCORECARD["rules"][0], "level": "Great"}]
    scorecard = {**SCORECARD, "levels": levels, "rules": rules}
    call_command("import_port", written(tmp_path, "e.json", {**EXPORT, "scorecards": [scorecard]}))
    titles = Level.objects.order_by("rank").values_list("title", flat=True)
    assert list(titles) == ["Low", "Fine", "Great"]
    assert Rule.objects.get().level.title == "Great"


def test_scorecards_without_a_blueprint_take_the_one_that_is_named(tmp_path: Path) -> None:
    scorecard = {key: value for key, value in SCORECARD.items() if key != "blueprint"}
    path = written(tmp_path, "e.json", {**EXPORT, "scorecards": [scorecard]})
    with pytest.raises(CommandError, match="name it with --blueprint"):
        call_command("import_port", path)
    call_command("import_port", path, "--blueprint", "service")
    assert Scorecard.objects.get().blueprints.get().identifier == "service"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("7", "is neither an object nor a list"),
        ("[7]", "is neither an object nor a list"),
        ('{"a": 1}', "is neither a blueprint, a scorecard, a page nor an entity"),
        ('{"entities": [7]}', "is no entity: give an object"),
        ('{"blueprints": ["\\u0000"]}', "NUL"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_export_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "e.json"
    path.write_text(text)
    with pytest.raises(CommandError) as refusal:
        call_command("import_port", str(path))
    assert message in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_port", str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match="holds no JSON file"):
        call_command("import_port", str(tmp_path))
