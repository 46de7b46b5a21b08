"""Charts of the pages as files of their own, for READMEs, wikis and slides.

Who may see the page may see its charts, and so may anybody at an address that is signed; who is
who is told to nobody but those who are logged in.
"""

from collections.abc import Callable, Sequence
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import TEAM, Entity
from portal.dashboards import charts, level_charts, line_charts
from portal.dashboards.bar_charts import bars
from portal.dashboards.boards.board_page import Drawn, board_page
from portal.dashboards.boards.finding import reader_of
from portal.dashboards.charts import Slice
from portal.dashboards.distribution import levels_among, slices_of
from portal.dashboards.embedding import is_signed, svg_response
from portal.dashboards.entity_graph import graph_of
from portal.dashboards.entity_page import graph_view
from portal.dashboards.finding import entity_at, scorecard_at
from portal.dashboards.formats import number, plural
from portal.dashboards.graph_charts import graph
from portal.dashboards.level_history import level_histories
from portal.dashboards.ownership import graded_entities_of
from portal.dashboards.properties import properties_of
from portal.dashboards.querystring import QueryString
from portal.dashboards.shelf import visible_boards
from portal.dashboards.standalone import standalone
from portal.dashboards.trends import has_trend, trend_of
from portal.dashboards.visitors import Visitor
from portal.permissions import may_read, sight_of
from scorecards.models import Evaluation, Scorecard
from scorecards.querysets import EvaluationQuerySet

# A chart as a page shows it, its title, and the words of its legend with their colours.
Chart = tuple[str, str, Sequence[tuple[str, str]]]


def _chart(draw: Callable[..., Chart]) -> Callable[..., HttpResponse]:
    """Make a view of what draws a chart."""

    @require_safe
    @login_not_required
    @wraps(draw)
    def view(request: HttpRequest, **parts: str) -> HttpResponse:
        has_signature = is_signed(request)
        if not has_signature and not may_read(request.user):
            return redirect_to_login(request.get_full_path())
        if has_signature:
            # The answer may be kept by anybody on the way, so that it is what anybody may see.
            request.user = AnonymousUser()
        svg, title, legend = draw(request, **parts)
        if not svg:
            raise Http404("there is nothing to draw")
        found = standalone(svg, title=title, legend=legend)
        return svg_response(request, found.text, is_public=has_signature, policy=found.policy)

    return view


@_chart
def number_chart(request: HttpRequest, blueprint: str, key: str, identifier: str) -> Chart:
    """Draw the trend of a number."""
    entity = _entity(request, blueprint, identifier)
    prop = properties_of(entity.blueprint).get(key)
    if prop is None or not has_trend(prop):
        raise Http404(f"{key} of {blueprint} has no trend")
    trend = trend_of(entity, prop, period=_query(request).get("period"), now=timezone.now())
    unit = f" ({prop.unit})" if prop.unit else ""
    title = f"{prop.title}{unit} of {entity}, {trend.period.title}"
    return line_charts.line(trend.points, label=prop.title, unit=prop.unit), title, ()


@_chart
def level_chart(request: HttpRequest, blueprint: str, identifier: str, scorecard: str) -> Chart:
    """Draw the levels that an entity held by a scorecard."""
    entity = _entity(request, blueprint, identifier)
    card = scorecard_at(scorecard, sight_of(request.user))
    history = level_histories(entity, [card], now=timezone.now()).get(card.pk)
    if history is None:
        raise Http404(f"{identifier} moved in no level of {scorecard}")
    drawn = level_charts.steps(history.stays, history.levels, label=card.title)
    return drawn, f"{card.title} of {entity}", ()


@_chart
def graph_chart(request: HttpRequest, blueprint: str, identifier: str) -> Chart:
    """Draw what stands around an entity."""
    entity = _entity(request, blueprint, identifier)
    sight = sight_of(request.user)
    view, _ = graph_view(entity, _query(request), sight=sight)
    found = graph_of(entity, view, sight=sight)
    sprite = static("tidemark/icons.svg")
    return graph(found.drawing, label=f"Around {entity}", sprite=sprite), f"Around {entity}", ()


@_chart
def scorecard_chart(request: HttpRequest, identifier: str) -> Chart:
    """Draw how a scorecard's entities are distributed over its levels."""
    card = scorecard_at(identifier, sight_of(request.user))
    return _distribution(card, Evaluation.objects.filter(scorecard=card), title=card.title)


@_chart
def team_chart(request: HttpRequest, team: str, scorecard: str) -> Chart:
    """Draw how what a team owns is distributed over the levels of a scorecard."""
    sight = sight_of(request.user)
    owner, card = entity_at(TEAM, team, sight), scorecard_at(scorecard, sight)
    owned = graded_entities_of([owner.identifier]).seen_in(sight)
    rows = Evaluation.objects.filter(scorecard=card, entity__in=owned)
    return _distribution(card, rows, title=f"{card.title}: {owner}")


@_chart
def board_chart(request: HttpRequest, identifier: str, widget: str) -> Chart:
    """Draw a widget of a dashboard that is a chart."""
    visitor = Visitor(request.user)
    page = visible_boards(visitor).filter(identifier=identifier).first()
    # Who signs an address may change the page, and so may say who sees it.
    if page is None or not (is_signed(request) or visitor.may_read(page)):
        raise Http404(f"no dashboard {identifier}")
    board = board_page(page, reader_of(request), now=timezone.now())
    drawn = (item for row in board.rows for item in row.widgets if item.identifier == widget)
    found = next(drawn, None)
    if found is None or found.content is None:
        raise Http404(f"no chart {widget} in {identifier}")
    return _of_widget(found)


def _of_widget(widget: Drawn) -> Chart:
    content = widget.content
    match widget.template.rpartition("/")[2]:
        case "_pie.html":
            middle = {"middle": content.total_text, "under": content.noun}
            drawn = charts.donut(content.slices, label=widget.title, **middle)
            return drawn, widget.title, _shares(content.slices)
        case "_bars.html":
            return bars(content.slices, label=widget.title), widget.title, ()
        case "_lines.html":
            drawn = line_charts.lines(
                content.series, label=widget.title, baselines=content.baselines
            )
            named = [(item.title, item.color) for item in (*content.series, *content.baselines)]
            return drawn, widget.title, named
    raise Http404(f"{widget.title} is no chart")


def _distribution(card: Scorecard, rows: EvaluationQuerySet, *, title: str) -> Chart:
    slices = slices_of(card, levels_among(rows).get(card.pk, {}))
    total = sum(part.count for part in slices)
    noun = plural(total, "entity", "entities").partition(" ")[2]
    drawn = charts.donut(slices, label=card.title, middle=number(total), under=noun)
    return drawn, title, _shares(slices)


def _shares(slices: Sequence[Slice]) -> list[tuple[str, str]]:
    return [(f"{part.label} {part.count:,}", part.color) for part in slices if part.count]


def _entity(request: HttpRequest, blueprint: str, identifier: str) -> Entity:
    return entity_at(blueprint, identifier, sight_of(request.user))


def _query(request: HttpRequest) -> QueryString:
    return QueryString.of(request.GET.items())
