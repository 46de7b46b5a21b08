"""Whatever is written in whatever order, what is stored equals a rebuild from nothing."""

from collections import Counter as Sums
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.db.models import Count, Min
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import operations, registry
from catalog.errors import CatalogError
from catalog.models import Blueprint, Deleted, Entity, Sample, Series, Total
from catalog.operations import Dependents, EntityDraft
from scorecards import operations as scorecard_operations
from scorecards.models import Counter, Evaluation, Fingerprint, Level, Rule, Scorecard
from scorecards.operations.counters import tidy
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    condition,
    make_entity,
    report,
    rule_document,
    scorecard_document,
)

pytestmark = pytest.mark.django_db

NUMBER = {"type": "number"}
COUNT = {"func": "count", "calculationBy": "entities"}
DEPLOYED = [{"path": ["service"], "fromBlueprint": "deployment"}]
TOTAL = {"func": "sum", "calculationBy": "property", "property": "tier"}
DIRECT = {"type": "Direct"}
INHERITED = {"type": "Inherited", "path": "service"}
COLOURS = ("paleBlue", "bronze", "silver", "gold")

Step = Callable[[], object]


def team_blueprint(*, has_sum: bool = False) -> dict[str, Any]:
    """Teams count what belongs to them along whatever path is the shortest."""
    aggregations = {"deploys": {"target": "deployment", "calculationSpec": COUNT}}
    if has_sum:
        aggregations["tiers"] = {"target": "service", "calculationSpec": TOTAL}
    return blueprint_document(
        "_team", title="Team", ownership=None, aggregation_properties=aggregations
    )


def service_blueprint(*, is_many: bool = False, program: str = ".properties.up") -> dict[str, Any]:
    """Services mirror their parents and count their deployments, and calculate with both."""
    return blueprint_document(
        relations={"parent": {"target": "service", "many": is_many}},
        mirror_properties={"up": {"path": "parent.tier"}, "parents_team": {"path": "parent.$team"}},
        aggregation_properties={
            "deploys": {"target": "deployment", "calculationSpec": COUNT, "pathFilter": DEPLOYED},
            "young": {
                "target": "deployment",
                "query": condition("tier", "<=", 2),
                "calculationSpec": TOTAL,
                "pathFilter": DEPLOYED,
            },
        },
        calculation_properties={
            "busy": {**NUMBER, "calculation": "(.properties.deploys // 0) * 2"},
            "busier": {**NUMBER, "calculation": ".properties.busy + .properties.tier"},
            "free": {"type": "string", "calculation": program},
            "all": {"type": "string", "calculation": ".properties | tojson"},
        },
    )


def deployment_blueprint(
    *, ownership: dict[str, str] | None = INHERITED, target: str = "deployment"
) -> dict[str, Any]:
    """Deployments mirror two steps away, and inherit their owners or have them."""
    return blueprint_document(
        "deployment",
        ownership=ownership,
        relations={"service": {"target": "service"}, "also": {"target": target, "many": True}},
        mirror_properties={
            "up": {"path": "service.parent.language"},
            "busier": {"path": "service.busier"},
            "also": {"path": "also.$title"},
        },
    )


def edit_blueprints(*documents: dict[str, Any]) -> Step:
    return lambda: operations.save_blueprints(definitions=documents, by=TESTER, now=NOW)


names = st.sampled_from(["a", "b", "c"])
blueprints = st.sampled_from(["_team", "service", "deployment"])
maybe = st.sampled_from


@st.composite
def drafts(draw: Any, blueprint: str) -> EntityDraft:
    properties = draw(
        st.fixed_dictionaries(
            {}, optional={"tier": maybe([None, 1, 2.5]), "language": maybe(["Go", None])}
        )
    )
    relations = {
        "_team": st.just({}),
        "service": st.fixed_dictionaries({}, optional={"parent": maybe([None, "a", "b", "c"])}),
        "deployment": st.fixed_dictionaries(
            {}, optional={"service": names, "also": maybe([[], ["a"], ["a", "b"], ["c"]])}
        ),
    }[blueprint]
    parts: dict[str, Any] = {"properties": properties, "relations": draw(relations)}
    if draw(st.booleans()):
        parts["title"] = draw(names)
    if blueprint != "_team" and draw(st.booleans()):
        parts["team"] = draw(st.lists(names, max_size=2))
    if not draw(st.integers(0, 4)):
        parts["new_identifier"] = draw(maybe(["a", "b", "c", "d"]))
    return EntityDraft(draw(names), **parts)


@st.composite
def upserts(draw: Any) -> Step:
    blueprint, merge = draw(blueprints), draw(st.booleans())
    batch = draw(st.lists(drafts(blueprint), min_size=1, max_size=3))
    ways = {key: draw(st.booleans()) for key in ("create_missing", "may_repeat")}
    ways["datasource"] = draw(maybe(["", "one", "two"]))
    is_dry = not draw(st.integers(0, 9))

    def upsert() -> None:
        before = state() if is_dry else None
        operations.upsert_entities(
            blueprint=Blueprint.objects.get(identifier=blueprint),
            drafts=batch,
            merge=merge,
            by=TESTER,
            now=NOW,
            is_partial=True,
            dry_run=is_dry,
            **ways,
        )
        assert not is_dry or state() == before

    return upsert


def stored(blueprint: str, name: str) -> list[Entity]:
    return list(Entity.objects.of(blueprint).filter(identifier__contains=name))


@st.composite
def plain_saves(draw: Any) -> Step:
    blueprint, name, between = draw(blueprints), draw(names), draw(upserts())
    values, renamed = draw(maybe([{}, {"tier": 1}, {"language": "C"}])), draw(maybe(["", "", "d"]))

    def save() -> None:
        for entity in stored(blueprint, name):
            # What comes between makes the instance stale: it overwrites what it never saw.
            attempt(between)
            if Entity.objects.filter(pk=entity.pk).exists():
                entity.properties = {**entity.properties, **values}
                entity.identifier = f"{entity.identifier}{renamed}"
                entity.save()

    return save


@st.composite
def deletions(draw: Any) -> Step:
    blueprint, name, is_plain = draw(blueprints), draw(names), draw(st.booleans())
    ways = {"delete_dependents": draw(st.booleans()), "dependents": draw(maybe(Dependents))}

    def delete() -> None:
        entities = stored(blueprint, name)
        if is_plain:
            Entity.objects.filter(id__in=[entity.pk for entity in entities]).delete()
        else:
            operations.delete_entities(entities=entities, by=TESTER, now=NOW, **ways)

    return delete


@st.composite
def restorations(draw: Any) -> Step:
    """Restore what was deleted of some name, alone or with what went together."""
    name, is_alone = draw(names), draw(st.booleans())

    def restore() -> None:
        for row in Deleted.objects.filter(identifier__contains=name).order_by("-id")[:2]:
            rows = [row] if is_alone else Deleted.objects.of_batch(row.batch)
            attempt(lambda rows=rows: operations.restore(rows=list(rows), by=TESTER, now=NOW))

    return restore


def delete_scorecards() -> None:
    for scorecard in Scorecard.objects.all():
        scorecard_operations.delete_scorecard(scorecard=scorecard, by=TESTER, now=NOW)


def restore_scorecards() -> None:
    rows = Deleted.objects.filter(kind="scorecard").order_by("-id")[:1]
    operations.restore(rows=list(rows), by=TESTER, now=NOW)


blueprint_edits = st.one_of(
    st.builds(
        lambda ownership, target: edit_blueprints(
            deployment_blueprint(ownership=ownership, target=target)
        ),
        maybe([INHERITED, DIRECT, None]),
        maybe(["deployment", "_team"]),
    ),
    st.builds(
        lambda is_many, program: edit_blueprints(
            service_blueprint(is_many=is_many, program=program)
        ),
        st.booleans(),
        maybe([".properties.up", ".title", ".properties.language | tonumber", ". | length"]),
    ),
    st.builds(lambda has_sum: edit_blueprints(team_blueprint(has_sum=has_sum)), st.booleans()),
)


@st.composite
def scorecards(draw: Any) -> dict[str, Any]:
    """Return a scorecard of services and teams: its levels in some order, its rules at some."""
    titles = draw(st.permutations(["Basic", "Bronze", "Silver", "Gold"]))
    queries = [
        condition("tier", "<=", draw(maybe([1, 2, 3]))),
        condition("busier", ">", 1),
        condition("$team", "isNotEmpty"),
        {"combinator": "and", "conditions": [{"relation": "parent", "operator": "isNotEmpty"}]},
        None,
    ]
    rules = [
        rule_document(f"r{index}", query=query, level=draw(maybe(titles[1:])))
        for index, query in enumerate(queries)
        if draw(st.booleans())
    ]
    return scorecard_document(
        blueprints=draw(maybe([["service"], ["service", "deployment"]])),
        filter=draw(maybe([None, condition("language", "=", "Go")])),
        status=draw(maybe(["published", "published", "draft"])),
        levels=[
            {"title": title, "color": colour} for title, colour in zip(titles, COLOURS, strict=True)
        ],
        rules=rules,
    )


def save_scorecard(document: dict[str, Any]) -> Step:
    return lambda: scorecard_operations.save_scorecard(definition=document, by=TESTER, now=NOW)


@st.composite
def reports(draw: Any) -> Step:
    """Report about an entity for the rule that may be there without a query."""
    blueprint, name, state = draw(blueprints), draw(names), draw(maybe(["PASS", "FAIL", "SKIP"]))

    def report_if_asked() -> None:
        if Scorecard.objects.exists():
            report(name, "r4", state, blueprint=blueprint)

    return report_if_asked


def edit_plainly() -> None:
    """Change a rule and a level by their own saves, and delete another rule."""
    for rule in Rule.objects.order_by("id")[:1]:
        rule.query = condition("tier", ">", 1)
        rule.save()
    for rule in Rule.objects.order_by("id")[2:3]:
        rule.delete()
    for level in Level.objects.order_by("id")[:1]:
        level.title = "First"
        level.save()


steps = st.one_of(
    upserts(),
    upserts(),
    plain_saves(),
    deletions(),
    restorations(),
    reports(),
    blueprint_edits,
    st.builds(save_scorecard, scorecards()),
    st.just(edit_plainly),
    st.just(delete_scorecards),
    st.just(restore_scorecards),
)


def attempt(step: Step) -> None:
    """Take a step; one that is refused leaves nothing behind."""
    try:
        with transaction.atomic():
            step()
    except CatalogError:
        pass


def state() -> dict[str, Any]:
    """Return what is stored about every entity; null and absent are the same."""
    found: dict[str, Any] = {}
    for entity in Entity.objects.select_related("blueprint"):
        found[f"{entity.blueprint.identifier}/{entity.identifier}"] = {
            "facts": {key: value for key, value in entity.facts.items() if value is not None},
            "computed": {key: value for key, value in entity.computed.items() if value is not None},
            "problems": sorted(item["property"] for item in entity.problems),
            "results": {
                row.scorecard.identifier: (row.level and row.level.title, row.passed, row.skipped)
                for row in Evaluation.objects.filter(entity=entity)
            },
        }
    return found


def samples() -> set[tuple[Any, ...]]:
    """Return what the filled series hold that are in use."""
    used = {series.key for series in registry.graph().planned}
    rows = Sample.objects.filter(series__key__in=used, series__filled_at__isnull=False)
    fields = ("series__key", "anchor_id", "entity_id", "at", "window_at", "value")
    return set(rows.values_list(*fields))


def totals() -> set[tuple[Any, ...]]:
    rows = Total.objects.filter(series__filled_at__isnull=False, count__gt=0)
    return set(rows.values_list("series_id", "anchor_id", "count", "least", "first_at"))


def totals_from_samples() -> set[tuple[Any, ...]]:
    """Return what the totals are to be: of series with windows nobody reads any."""
    rows = Sample.objects.filter(series__filled_at__isnull=False, window_at=None).order_by()
    by_anchor = rows.values_list("series_id", "anchor_id")
    return set(by_anchor.annotate(Count("entity"), Min("value"), Min("at")))


def forget_and_rebuild() -> None:
    Series.objects.all().delete()
    Entity.objects.update(computed={}, facts={}, problems=[])
    for blueprint in Blueprint.objects.all():
        operations.rebuild(blueprint=blueprint, now=NOW)
    Evaluation.objects.all().delete()
    Fingerprint.objects.all().delete()
    for scorecard in Scorecard.objects.all():
        scorecard_operations.evaluate_scorecard(scorecard=scorecard, now=NOW)


def counters() -> Sums[tuple[Any, ...]]:
    """Return what the counters say, by scorecard, blueprint, team and what is counted."""
    found: Sums[tuple[Any, ...]] = Sums()
    rules = set(Rule.objects.values_list("id", flat=True))
    for row in Counter.objects.all():
        place = (row.scorecard_id, row.blueprint_id, row.team)
        for part in ("levels", "passed", "failed"):
            for key, count in getattr(row, part).items():
                if part == "levels" or int(key) in rules:
                    found[*place, part, int(key)] += count
    return Sums({key: count for key, count in found.items() if count})


def counted_from_nothing() -> Sums[tuple[Any, ...]]:
    found: Sums[tuple[Any, ...]] = Sums()
    for row in Evaluation.objects.select_related("entity"):
        for team in {"", *row.entity.team}:
            place = (row.scorecard_id, row.entity.blueprint_id, team)
            found[*place, "levels", row.level_id] += 1
            for rule in Rule.objects.filter(scorecard=row.scorecard_id):
                bit = 1 << rule.bit
                if not row.skipped & bit:
                    found[*place, "passed" if row.passed & bit else "failed", rule.pk] += 1
    return found


def furnish() -> None:
    edit_blueprints(team_blueprint(), service_blueprint(), deployment_blueprint())()
    save_scorecard(scorecard_document())()
    for name in ("a", "b"):
        make_entity(name, blueprint="_team")
        make_entity(name, properties={"tier": 1}, team=[name])
        make_entity(name, blueprint="deployment", relations={"service": name, "also": [name]})


@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(sequence=st.lists(steps, min_size=3, max_size=10))
def test_what_is_stored_equals_a_rebuild_from_nothing(sequence):
    # One moment for all: a rule that is older than an evaluation has been looked at by it.
    with transaction.atomic(), patch("django.utils.timezone.now", return_value=NOW):
        furnish()
        for step in sequence:
            attempt(step)
        kept = state()
        counts = counted_from_nothing()
        assert counters() == counts
        tidy()
        assert counters() == counts
        assert totals() == totals_from_samples()
        sampled = samples()
        forget_and_rebuild()
        assert kept == state()
        assert sampled <= samples()
        transaction.set_rollback(True)
