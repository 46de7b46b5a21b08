"""Tables on boards: chosen columns in their order, in groups, with how each group stands."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import CharField, Count, Exists, F, Min, OuterRef, Subquery

from catalog.models import OWNERSHIP, Entity, EntityRelation
from catalog.querysets import EntityQuerySet
from portal.dashboards.boards.breakdowns import condition_on, label_of, read_value, titles_for
from portal.dashboards.boards.datasets import both, dataset_of
from portal.dashboards.boards.sources import About, Scope, Sources
from portal.dashboards.boards.subjects import Kind, Subject, parse_subject
from portal.dashboards.choosing import columns_of
from portal.dashboards.columns import (
    Column,
    LevelColumn,
    OwnerColumn,
    PropertyColumn,
    RelationColumn,
    RuleColumn,
    TitleColumn,
    ordering,
)
from portal.dashboards.expressions import FactText
from portal.dashboards.groups import Group
from portal.dashboards.ownership import ownership_rows
from portal.dashboards.properties import Property
from portal.dashboards.table import bars_under
from portal.dashboards.table_order import FEW
from portal.dashboards.table_rows import TableRow, rows_of
from scorecards.counts import EVERYBODY, levels_by_team
from scorecards.models import Evaluation

MOST_ROWS = 100
# A table grouped by names has as many groups as it has rows.
MOST_GROUPS = 100
_NAMES = ("$title", "$identifier")
_MOMENTS = ("$createdAt", "$updatedAt")


@dataclass(frozen=True)
class BoardTable:
    """A table: its columns, its groups (one without a title where nothing is grouped)."""

    about: About
    columns: list[Column]
    groups: list[Group]
    total: int
    link: str

    @property
    def shown(self) -> int:
        """Return how many rows are shown."""
        return sum(len(group.rows) for group in self.groups)


@dataclass(frozen=True)
class Plan:
    """What a table is to show: settled from its document, with no entity read."""

    scope: Scope
    columns: list[Column]
    group_by: Subject | None
    order: list[Any]


def plan_of(widget: Mapping[str, Any], sources: Sources) -> Plan:
    """Return what a table widget asks for; raises `Undrawable`."""
    dataset = dataset_of(widget)
    settings = (widget.get("blueprintConfig") or {}).get(dataset.blueprint) or {}
    by = (settings.get("filterSettings") or {}).get("filterBy") or {}
    scope = sources.scope({"blueprint": dataset.blueprint, "dataset": both(dataset.query, by)})
    return Plan(
        scope=scope,
        columns=list(_columns(settings, widget, scope.about)),
        group_by=_group_by(settings, scope.about),
        order=_order(settings, scope.about),
    )


def board_table(widget: Mapping[str, Any], sources: Sources) -> BoardTable:
    """Return the table that a widget asks for; raises `Undrawable`."""
    plan = plan_of(widget, sources)
    scope, columns = plan.scope, plan.columns
    if plan.group_by is None:
        entities = scope.entities.defer("properties", "computed", "problems")
        rows = rows_of(entities.order_by(*plan.order)[:MOST_ROWS], columns, sources.teams)
        total = scope.entities.count()
        groups = [Group("", "", total, [], rows)]
    else:
        counts = _counts(plan, plan.group_by)
        total = sum(counts.values())
        groups = list(_groups(plan, plan.group_by, counts, sources))
    return BoardTable(scope.about, columns, groups, total, scope.table())


def _columns(
    settings: Mapping[str, Any], widget: Mapping[str, Any], about: About
) -> Iterator[Column]:
    """Yield the columns: the name first, whatever a document says, for it leads to the entity."""
    chosen = settings.get("propertiesSettings") or {}
    yield TitleColumn("title", about.blueprint.title)
    order = chosen.get("order") or chosen.get("shown")
    if not order:
        cards = list(about.scorecards.values())
        yield from columns_of(about.blueprint, properties=about.properties, scorecards=cards)[1:]
        return
    shown = set(chosen.get("shown") or order) - set(chosen.get("hidden") or [])
    shown -= set(widget.get("excludedFields") or [])
    for name in order:
        if name in shown and name not in _NAMES:
            yield column_of(parse_subject(str(name)), about)


def column_of(subject: Subject, about: About) -> Column:
    """Return the column of what is named; raises `Undrawable`."""
    title = about.title_of(subject)
    match subject.kind:
        case Kind.SCORECARD:
            card = about.scorecard(subject.key)
            return LevelColumn(f"level.{card.identifier}", title, scorecard=card)
        case Kind.RULE:
            return RuleColumn(
                f"rule.{subject.scorecard}.{subject.key}", title, rule=about.rule(subject)
            )
        case Kind.OWNER:
            return OwnerColumn("owner", title)
        case Kind.RELATION:
            is_many = bool(about.blueprint.relations[subject.key].get("many"))
            return RelationColumn(
                f"relation.{subject.key}", title, relation=subject.key, is_many=is_many
            )
        case Kind.META:
            format_ = "date-time" if subject.key in _MOMENTS else ""
            prop = Property(subject.key, title.capitalize(), type="string", format=format_)
            return PropertyColumn(f"property.{subject.key}", prop.title, prop=prop)
    prop = about.property(subject.key)
    return PropertyColumn(f"property.{subject.key}", title, prop.description, prop=prop)


def _group_by(settings: Mapping[str, Any], about: About) -> Subject | None:
    names = (settings.get("groupSettings") or {}).get("groupBy") or []
    if not names:
        return None
    subject = parse_subject(str(names[0]))
    about.title_of(subject)
    return subject


def _order(settings: Mapping[str, Any], about: About) -> list[Any]:
    wanted = (settings.get("sortSettings") or {}).get("sortBy") or []
    first = wanted[0] if wanted and isinstance(wanted[0], Mapping) else {}
    name = str(first.get("property") or "$title")
    is_descending = first.get("order") == "desc"
    if name in _NAMES:
        return ordering(TitleColumn("title", ""), is_descending=is_descending)
    return ordering(column_of(parse_subject(name), about), is_descending=is_descending)


# In one order on both databases: what has no group comes last.
_BY_GROUP = F("group").asc(nulls_last=True)


def _counts(plan: Plan, subject: Subject) -> dict[Any, int]:
    """Return how many entities are in each group, by what the database groups by, in its order."""
    key = _group_key(subject, plan.scope.about)
    if subject.kind is Kind.OWNER and plan.scope.dataset.is_everything and _is_direct(plan.scope):
        known = _owner_counts(plan.scope, key)
        if known is not None:
            return known
    # All are read, and rows lie by id in the file: SQLite would go through them by name.
    entities = plan.scope.entities.filter(pk__gt=0)
    rows = entities.order_by().annotate(group=key).values_list("group")
    return dict(rows.annotate(Count("id")).order_by(_BY_GROUP))


def _owner_counts(scope: Scope, key: Any) -> dict[Any, int] | None:
    """Return how many entities each team owns, from relation rows instead of every document.

    What the database calls a group is read off one entity of it. None where any has several owners,
    and where the documents are few.
    """
    entities = Entity.objects.filter(blueprint=scope.about.blueprint)
    total = entities.count()
    if total <= FEW:
        return None
    owned = EntityRelation.objects.filter(
        relation=OWNERSHIP, source__blueprint=scope.about.blueprint
    )
    counts = {
        sample: count
        for _, count, sample in owned.order_by()
        .values_list("target_id")
        .annotate(Count("id"), Min("source_id"))
    }
    sums = owned.aggregate(rows=Count("id"), entities=Count("source_id", distinct=True))
    if sums["rows"] != sums["entities"]:
        return None
    nobodys = total - sums["entities"]
    if nobodys > 0:
        rows = owned.filter(source_id=OuterRef("pk"))
        counts |= dict.fromkeys(
            entities.filter(~Exists(rows)).order_by("pk").values_list("pk", flat=True)[:1], nobodys
        )
    groups = Entity.objects.filter(pk__in=counts).annotate(group=key).order_by(_BY_GROUP)
    return {group: counts[pk] for pk, group in groups.values_list("pk", "group")}


def _groups(
    plan: Plan, subject: Subject, counts: Mapping[Any, int], sources: Sources
) -> Iterator[Group]:
    scope, columns = plan.scope, plan.columns
    key = _group_key(subject, scope.about)
    prop = scope.about.properties.get(subject.key) if subject.kind is Kind.PROPERTY else None
    values = {raw: read_value(raw, prop) for raw in islice(counts, MOST_GROUPS)}
    titles = titles_for(scope, subject, values.values())
    entities = _of_first_groups(scope, subject, counts)
    entities = entities.defer("properties", "computed", "problems").annotate(group=key)
    found = list(entities.order_by(_BY_GROUP, *plan.order)[:MOST_ROWS])
    rows: dict[Any, list[TableRow]] = defaultdict(list)
    for row in rows_of(found, columns, sources.teams):
        rows[row.entity.group].append(row)
    levels = _owner_levels(scope, subject, counts) or _levels(scope, subject)
    for raw in sorted(values, key=lambda raw: (raw is None, _place(raw, subject, scope, titles))):
        yield Group(
            title=label_of(values[raw], titles, prop),
            link=_group_link(scope, subject, values[raw]),
            count=counts[raw],
            bars=bars_under(columns, levels[raw]),
            rows=rows[raw],
        )


def _of_first_groups(scope: Scope, subject: Subject, counts: Mapping[Any, int]) -> EntityQuerySet:
    """Return the entities of the groups that the first rows are of; all where that tells nothing.

    Owners have relation rows, which are indexed: the others need not be sorted.
    """
    if subject.kind is not Kind.OWNER:
        return scope.entities
    seen, teams = 0, set[str]()
    for raw, count in counts.items():
        owners = read_value(raw, None)
        if seen >= MOST_ROWS:
            break
        if not isinstance(owners, list) or not _is_direct(scope):
            return scope.entities
        teams.update(owners)
        seen += count
    return scope.entities.filter(pk__in=ownership_rows(teams).values("source_id"))


def _is_direct(scope: Scope) -> bool:
    return (scope.about.blueprint.ownership or {}).get("type") == "Direct"


def _owner_levels(
    scope: Scope, subject: Subject, counts: Mapping[Any, int]
) -> Mapping[Any, Mapping[int, Mapping[int, int]]] | None:
    """Return entities by level, by scorecard, by owner, as the counters know them.

    None where they do not: of some entities only, or where any belongs to several teams.
    """
    if subject.kind is not Kind.OWNER or not scope.dataset.is_everything:
        return None
    owners = {raw: read_value(raw, None) for raw in counts}
    if any(isinstance(names, list) and len(names) > 1 for names in owners.values()):
        return None
    cards = [card.pk for card in scope.about.scorecards.values()]
    by_team = levels_by_team(cards, blueprint_id=scope.about.blueprint.pk)
    everybody = by_team.pop(EVERYBODY, {})
    nobodys = {
        card: levels - sum((found.get(card, Counter()) for found in by_team.values()), Counter())
        for card, levels in everybody.items()
    }
    return {
        raw: by_team.get(names[0], {}) if isinstance(names, list) else nobodys
        for raw, names in owners.items()
    }


def _group_link(scope: Scope, subject: Subject, value: Any) -> str:
    if subject.kind is Kind.SCORECARD:
        return scope.table(levels={subject.key: str(value)}) if value is not None else ""
    return scope.table(condition_on(subject, value))


def _place(raw: Any, subject: Subject, scope: Scope, titles: Mapping[str, str]) -> Any:
    """Return what groups are ordered by: levels by rank, the highest first, others by title."""
    if subject.kind is Kind.SCORECARD:
        levels = scope.about.scorecard(subject.key).levels.all()
        return (-next((level.rank for level in levels if level.title == raw), -1), "")
    return (0, label_of(read_value(raw, None), titles, None).casefold())


def _group_key(subject: Subject, about: About, *, facts: str = "facts") -> Any:
    if subject.kind is not Kind.SCORECARD:
        return FactText(subject.fact, facts=facts)
    entity = "pk" if facts == "facts" else "entity_id"
    held = Evaluation.objects.filter(
        scorecard=about.scorecard(subject.key), entity=OuterRef(entity)
    )
    return Subquery(held.values("level__title")[:1], output_field=CharField())


def _levels(scope: Scope, subject: Subject) -> Mapping[Any, Mapping[int, Mapping[int, int]]]:
    """Return entities by level, by scorecard, by group."""
    found: dict[Any, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    cards = list(scope.about.scorecards.values())
    rows = Evaluation.objects.filter(scorecard__in=cards, entity__in=scope.entities.order_by())
    key = _group_key(subject, scope.about, facts="entity__facts")
    grouped = rows.annotate(group=key).order_by()
    for group, card, level, count in grouped.values_list(
        "group", "scorecard_id", "level_id"
    ).annotate(Count("id")):
        found[group][card][level] = count
    return found
