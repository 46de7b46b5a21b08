"""How many entities there are of each value: the numbers behind pies and bars."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from catalog.models import TEAM, Entity
from portal.dashboards.boards.sources import Scope
from portal.dashboards.boards.subjects import Kind, Subject
from portal.dashboards.charts import Slice
from portal.dashboards.distribution import levels_among
from portal.dashboards.expressions import FactText
from portal.dashboards.properties import Property
from scorecards.counts import counts_of
from scorecards.models import Evaluation, Scorecard

# Where values have no colours of their own, in turn.
PALETTE = (
    *("blue", "turquoise", "orange", "purple", "green", "pink", "yellow"),
    *("bronze", "lime", "red", "olive", "brown", "silver", "paleblue"),
)
OTHER, EMPTY = "Other", "Empty"


@dataclass(frozen=True)
class Part:
    """A share of the entities, with the address of their table, where they have one."""

    slice: Slice
    link: str = ""


def breakdown(scope: Scope, subject: Subject, *, most: int) -> list[Part]:
    """Return the entities by what is named, at most so many parts; the rest are in "Other".

    Levels come in their order, the highest first, other values by how many have them. Raises
    `Undrawable`.
    """
    match subject.kind:
        case Kind.SCORECARD:
            return _by_level(scope, scope.about.scorecard(subject.key))
        case Kind.RULE:
            return _by_result(scope, subject)
    scope.about.title_of(subject)
    return _by_value(scope, subject, most=most)


def _by_level(scope: Scope, scorecard: Scorecard) -> list[Part]:
    if scope.dataset.is_everything:
        blueprint = scope.about.blueprint
        counts = counts_of([scorecard.pk], blueprint_id=blueprint.pk)[scorecard.pk].levels
    else:
        graded = Evaluation.objects.filter(
            scorecard=scorecard, entity__in=scope.entities.order_by()
        )
        counts = levels_among(graded).get(scorecard.pk, {})
    return [
        Part(
            Slice(level.title, counts.get(level.pk, 0), level.color),
            scope.table(levels={scorecard.identifier: level.title}),
        )
        for level in sorted(scorecard.levels.all(), key=lambda level: -level.rank)
    ]


def _by_result(scope: Scope, subject: Subject) -> list[Part]:
    rule = scope.about.rule(subject)
    bit = 1 << rule.bit
    rows = Evaluation.objects.filter(
        scorecard_id=rule.scorecard_id, entity__in=scope.entities.order_by()
    )
    counts: Counter[str] = Counter()
    for passed, skipped, count in (
        rows.order_by().values_list("passed", "skipped").annotate(Count("id"))
    ):
        word = "skip" if skipped & bit else "pass" if passed & bit else "fail"
        counts[word] += count
    words = {"pass": "Passing", "fail": "Failing", "skip": "Does not count"}
    return [Part(Slice(title, counts[key], key)) for key, title in words.items() if counts[key]]


def _by_value(scope: Scope, subject: Subject, *, most: int) -> list[Part]:
    counts = _counted(scope, subject)
    titles = titles_for(scope, subject, [value for value, _ in counts[:most]])
    prop = scope.about.properties.get(subject.key) if subject.kind is Kind.PROPERTY else None
    parts = [
        Part(
            Slice(label_of(value, titles, prop), count, _color(value, index, prop)),
            scope.table(condition_on(subject, value)),
        )
        for index, (value, count) in enumerate(counts[:most])
    ]
    rest = sum(count for _, count in counts[most:])
    return [*parts, *([Part(Slice(OTHER, rest, "lightgray"))] if rest else [])]


def _counted(scope: Scope, subject: Subject) -> list[tuple[Any, int]]:
    """Return values with how many entities have them, most first; None for those without."""
    fact = FactText(subject.fact)
    rows = scope.entities.order_by().annotate(value=fact).values_list("value")
    counts: Counter[str] = Counter()
    values: dict[str, Any] = {}
    prop = scope.about.properties.get(subject.key)
    for raw, count in rows.annotate(count=Count("id")):
        value = read_value(raw, prop)
        key = json.dumps(value, sort_keys=True)
        values[key] = value
        counts[key] += count
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(values[key], count) for key, count in ordered]


def read_value(raw: Any, prop: Property | None) -> Any:
    """Return the value that the databases write as text, each in its own way."""
    if raw is None or raw == "":
        return None
    if prop is not None and prop.type == "boolean":
        return str(raw) in ("1", "true")
    if prop is not None and prop.is_number:
        return float(raw) if not float(raw).is_integer() else int(float(raw))
    text = str(raw)
    if text[:1] in "[{":
        try:
            read = json.loads(text)
        except ValueError:
            return text
        return read or None
    return text


def titles_for(scope: Scope, subject: Subject, values: Iterable[Any]) -> Mapping[str, str]:
    """Return what the entities are called that values name: owners and targets of relations."""
    match subject.kind:
        case Kind.OWNER:
            target = TEAM
        case Kind.RELATION:
            target = scope.about.blueprint.relations[subject.key]["target"]
        case _:
            return {}
    names = {name for value in values for name in _as_list(value)}
    rows = Entity.objects.of(target).named(names)
    return dict(rows.values_list("identifier", "title"))


def _as_list(value: Any) -> Sequence[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return [] if value is None else [str(value)]


def label_of(value: Any, titles: Mapping[str, str], prop: Property | None) -> str:
    """Return a value for people to read."""
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)[:60]
    unit = f" {prop.unit}" if prop is not None and prop.unit else ""
    names = [titles.get(name) or name for name in _as_list(value)]
    return ", ".join(names)[:120] + unit


def _color(value: Any, index: int, prop: Property | None) -> str:
    if value is None:
        return "lightgray"
    own = prop.colors.get(str(value)) if prop is not None else None
    return own or PALETTE[index % len(PALETTE)]


def condition_on(subject: Subject, value: Any) -> dict[str, Any]:
    """Return the condition that entities with this value meet."""
    named = (
        {"relation": subject.key} if subject.kind is Kind.RELATION else {"property": subject.fact}
    )
    if value is None:
        return {**named, "operator": "isEmpty"}
    if isinstance(value, list):
        return {**named, "operator": "contains", "value": value[0]}
    return {**named, "operator": "=", "value": value}
