"""Template tags that draw values, levels and charts. No query, no thinking."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from catalog.models import USER, Entity
from portal.dashboards import (
    area_charts,
    burn_up_charts,
    charts,
    formats,
    graph_charts,
    icons,
    level_charts,
    line_charts,
    markdown,
)
from portal.dashboards.behind import table_address
from portal.dashboards.columns import Cell, Column, References
from portal.dashboards.embedding import signature_of
from portal.dashboards.entity_graph import Graph, View
from portal.dashboards.entity_page import Tab
from portal.dashboards.facts import Fact
from portal.dashboards.finding import address_of
from portal.dashboards.level_history import LevelHistory
from portal.dashboards.models import TableView
from portal.dashboards.querystring import QueryString
from portal.dashboards.table_views import link_of
from portal.dashboards.values import Kind, Shown

register = template.Library()


def _sprite() -> str:
    return static("tidemark/icons.svg")


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the pages."""
    return mark_safe(icons.icon(name, sprite=_sprite()))  # noqa: S308 - escaped where it is built


@register.simple_tag
def sign(*names: str, title: str = "") -> SafeString:
    """Draw the first known of these icons, or the first letter of the title."""
    return mark_safe(icons.sign(*names, title=title, sprite=_sprite()))  # noqa: S308


@register.simple_tag
def badge(level: Any, of: str = "") -> SafeString:
    """Draw the badge of a level, with the name of what it is a level of where that is not plain."""
    if level is None:
        return format_html('<span class="mute" title="{}">–</span>', "Not graded")
    name = format_html('<span class="badge-of">{}</span> ', of) if of else ""
    return format_html(
        '<span class="badge {}">{}{}</span>', charts.color_class(level.color), name, level.title
    )


@register.filter
def color(name: str | None) -> str:
    """Return the class that carries a level colour."""
    return charts.color_class(name)


@register.simple_tag
def bar(slices: Sequence[charts.Slice], label: str = "") -> SafeString:
    """Draw a distribution as a stacked bar."""
    return mark_safe(charts.bar(slices, label=label))  # noqa: S308


@register.simple_tag
def meter(part: int, whole: int, label: str, color: str = "pass") -> SafeString:
    """Draw one share of a whole."""
    return mark_safe(charts.meter(part, whole, label=label, color=color))  # noqa: S308


@register.simple_tag
def donut(
    slices: Sequence[charts.Slice], label: str, middle: str = "", under: str = ""
) -> SafeString:
    """Draw a distribution as a ring."""
    return mark_safe(charts.donut(slices, label=label, middle=middle, under=under))  # noqa: S308


@register.simple_tag
def line(points: Sequence[line_charts.Point], label: str, unit: str = "") -> SafeString:
    """Draw values over time."""
    return mark_safe(line_charts.line(points, label=label, unit=unit))  # noqa: S308


@register.simple_tag
def lines(
    series: Sequence[line_charts.Series],
    label: str,
    baselines: Sequence[line_charts.Baseline] = (),
) -> SafeString:
    """Draw several lines over time."""
    return mark_safe(line_charts.lines(series, label=label, baselines=baselines))  # noqa: S308


@register.simple_tag
def burn_up(chart: burn_up_charts.BurnUp, label: str) -> SafeString:
    """Draw what is done and what there is to do over time."""
    return mark_safe(burn_up_charts.burn_up(chart, label=label))  # noqa: S308


@register.simple_tag
def level_steps(history: LevelHistory) -> SafeString:
    """Draw the levels that an entity held."""
    title = history.scorecard.title
    return mark_safe(level_charts.steps(history.stays, history.levels, label=title))  # noqa: S308


@register.simple_tag
def draw_graph(graph: Graph, entity: Entity) -> SafeString:
    """Draw what stands around an entity."""
    label = gettext("What stands around %(entity)s") % {"entity": entity}
    return mark_safe(graph_charts.graph(graph.drawing, label=label, sprite=_sprite()))  # noqa: S308


@register.simple_tag
def graph_query(view: View, **changed: Any) -> str:
    """Return the query of the same graph seen otherwise."""
    return str(replace(view, **changed).query.having("tab", Tab.RELATED))


@register.simple_tag(takes_context=True)
def chart_link(
    context: template.Context, name: str, *parts: str, label: object, query: object = ""
) -> SafeString:
    """Link a chart as a file of its own; for who may edit, at an address open to anybody."""
    path = reverse(name, args=parts)
    pairs = query.pairs if isinstance(query, QueryString) else ()
    # Who is who is told at no address that is open to anybody.
    if context.get("may_edit") and USER not in parts:
        pairs = (*pairs, ("sig", signature_of(path)))
    return format_html(
        '<a class="chart-link" href="{}{}" title="{}">SVG<span class="unseen"> {}</span></a>',
        path,
        QueryString(pairs) if pairs else "",
        gettext("This chart as a file of its own"),
        label,
    )


@register.simple_tag
def areas(chart: area_charts.Areas, label: str) -> SafeString:
    """Draw how a whole was distributed over time."""
    return mark_safe(area_charts.areas(chart, label=label))  # noqa: S308


@register.simple_tag
def sparkline(values: Sequence[float], label: str) -> SafeString:
    """Draw values over equal steps of time, small."""
    return mark_safe(charts.sparkline(values, label=label))  # noqa: S308


@register.filter
def signed(value: int) -> str:
    """Write a difference with its sign."""
    return formats.signed(value)


@register.filter
def prose(text: str) -> SafeString:
    """Draw a markdown text."""
    return mark_safe(markdown.to_html(text))  # noqa: S308 - cleaned by nh3


@register.filter
def day(moment: date) -> str:
    """Write the date of a moment."""
    return formats.day(moment)


@register.simple_tag
def percent(part: int, whole: int) -> str:
    """Write a share."""
    return formats.percent(part, whole)


@register.filter
def share(value: float) -> str:
    """Write a share of 0 to 1."""
    return formats.share(value)


@register.simple_tag
def plural(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun."""
    return formats.plural(count, one, many)


@register.filter
def many(title: str) -> str:
    """Name more than one of what the title names."""
    return formats.many(title)


@register.filter
def number(value: int | float) -> str:
    """Write a number."""
    return formats.number(value)


@register.filter
def about(value: float) -> int:
    """Round a count to what an estimate knows of it."""
    return formats.about(value)


@register.filter
def brief(count: int) -> str:
    """Write what an estimate knows of a count in little room."""
    return formats.brief(count)


@register.filter
def initials(name: str) -> str:
    """Return the letters that stand for a name."""
    return formats.initials(name)


@register.simple_tag(takes_context=True)
def ago(context: template.Context, moment: datetime | None) -> SafeString:
    """Write a moment as seen from now, with the exact one on hover."""
    if moment is None:
        return SafeString("")
    return _time(moment, now=context.get("now") or timezone.now())


def _time(moment: datetime, *, now: datetime) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        formats.exact(moment),
        formats.ago(moment, now=now),
    )


@register.simple_tag(takes_context=True)
def value(context: template.Context, shown: Shown, size: str = "cell") -> SafeString:
    """Draw a value: short in a "cell", in full on a "page"."""
    return _draw(shown, now=context.get("now") or timezone.now(), is_cell=size == "cell")


def _draw(shown: Shown, *, now: datetime, is_cell: bool) -> SafeString:
    if shown.kind is Kind.MOMENT and shown.moment:
        return _time(shown.moment, now=now)
    if shown.kind is Kind.LIST:
        items = ((_draw(item, now=now, is_cell=is_cell),) for item in shown.items)
        return format_html('<span class="chips">{}</span>', format_html_join(" ", "{}", items))
    if is_cell and shown.kind in (Kind.TEXT, Kind.LINK) and len(shown.text) > 30:
        return format_html('<span class="clip" title="{}">{}</span>', shown.text, _plain(shown))
    return _plain(shown)


def _plain(shown: Shown) -> SafeString:
    return _DRAWINGS[shown.kind](shown)


def _missing(shown: Shown) -> SafeString:
    return SafeString('<span class="mute" title="Not set">–</span>')


def _text(shown: Shown) -> SafeString:
    return format_html("{}", shown.text)


def _boolean(shown: Shown) -> SafeString:
    kind = "pass" if shown.is_true else "none"
    return format_html('<span class="chip lv-{}">{}</span>', kind, shown.text)


def _chip(shown: Shown) -> SafeString:
    return format_html(
        '<span class="chip {}">{}</span>', charts.color_class(shown.color), shown.text
    )


def _link(shown: Shown) -> SafeString:
    return format_html('<a class="link" rel="noopener" href="{}">{}</a>', shown.href, shown.text)


def _mail(shown: Shown) -> SafeString:
    return format_html('<a class="link" href="mailto:{0}">{0}</a>', shown.text)


def _user(shown: Shown) -> SafeString:
    return format_html(
        '<a class="link" href="{}">{}</a>', reverse("entity", args=[USER, shown.text]), shown.text
    )


def _team(shown: Shown) -> SafeString:
    return format_html(
        '<a class="link" href="{}">{}</a>', reverse("team", args=[shown.text]), shown.text
    )


def _code(shown: Shown) -> SafeString:
    return format_html('<pre class="code">{}</pre>', shown.text)


def _markdown(shown: Shown) -> SafeString:
    return format_html('<div class="prose">{}</div>', prose(shown.text))


_DRAWINGS: dict[Kind, Callable[[Shown], SafeString]] = {
    Kind.MISSING: _missing,
    Kind.TEXT: _text,
    Kind.NUMBER: _text,
    Kind.BOOLEAN: _boolean,
    Kind.LINK: _link,
    Kind.MAIL: _mail,
    Kind.CHIP: _chip,
    Kind.MARKDOWN: _markdown,
    Kind.CODE: _code,
    Kind.USER: _user,
    Kind.TEAM: _team,
}


@register.simple_tag(takes_context=True)
def cell(context: template.Context, column: Column, item: Cell) -> SafeString:
    """Draw a cell of a table. One without a value stays empty: its dash is drawn by the style."""
    kind = SafeString(' class="num"' if column.is_number else "")
    return format_html("<td{}>{}</td>", kind, _cell(context, item))


def _cell(context: template.Context, item: Cell) -> SafeString:
    if item is None or isinstance(item, Shown) and item.kind is Kind.MISSING:
        return SafeString("")
    if isinstance(item, Shown):
        return value(context, item)
    if isinstance(item, References):
        links = ((address(ref.blueprint, ref.identifier), ref.title) for ref in item.named)
        drawn = format_html_join(", ", '<a href="{}">{}</a>', links)
        return format_html("{} +{}", drawn, item.more) if item.more else drawn
    return badge(item)


@register.simple_tag
def page_link(query: QueryString, number: int, key: str = "") -> str:
    """Return the address of another page of the same list, one of several where `key` names it."""
    return str(query.having(key or "page", str(number)))


@register.simple_tag
def filter_link(query: QueryString, key: str, value: str) -> str:
    """Return the address of the same list with a filter set, or lifted by an empty value."""
    return str(query.having(key, value))


@register.simple_tag
def menu_link(query: QueryString, name: str) -> str:
    """Return the address of the same list with a menu open."""
    return str(query.having("menu", name))


@register.simple_tag
def view_link(view: TableView) -> str:
    """Return the address of a saved view, from that of its table."""
    return link_of(view)


@register.simple_tag
def stat(shown: Shown) -> SafeString:
    """Draw a number large, with its unit small."""
    amount, _, unit = shown.text.partition(" ")
    if not amount:
        return _missing(shown)
    return format_html('{} <span class="stat-unit">{}</span>', amount, unit)


@register.simple_tag
def fact_title(fact: Fact, owner: Entity) -> SafeString:
    """Name a property of an entity; a computed one leads to how it comes about."""
    if not fact.prop.is_computed:
        return format_html("{}", fact.prop.title)
    where = number_address(owner.blueprint.identifier, fact.prop.identifier, owner.identifier)
    return format_html('<a class="fact-link" href="{}">{}</a>', where, fact.prop.title)


@register.simple_tag
def number_address(blueprint: str, key: str, identifier: str) -> str:
    """Return the address of the page of a computed value."""
    return reverse("number", args=[blueprint, key, identifier])


@register.simple_tag
def table_of(fact: Fact, owner: Entity) -> str:
    """Return the address of the table of what an aggregation of an entity counts."""
    return table_address(fact.prop.target, fact.prop.identifier, owner)


@register.simple_tag
def address(blueprint: str, identifier: str) -> str:
    """Return the address of an entity: teams have a page of their own."""
    return address_of(blueprint, identifier)
