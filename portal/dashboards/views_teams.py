"""The page of all teams: a list to choose from, or those that were chosen side by side."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import TEAM, Entity
from portal.dashboards.columns import Reference
from portal.dashboards.querystring import QueryString
from portal.dashboards.team_comparison import MOST_TEAMS, team_comparison
from portal.dashboards.teams_list import teams_page
from portal.permissions import sight_of

# Of a longer list of names, the first ones are looked up.
MOST_NAMES = 20


@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """Show teams; two to four that the address names are compared."""
    pairs = ((key, value) for key, values in request.GET.lists() for value in values)
    query = QueryString.of(pairs)
    asked = list(dict.fromkeys(value for key, value in query.pairs if key == "team"))
    found = _found(asked[:MOST_NAMES])
    context = {
        "unknown": [name for name in asked[:MOST_NAMES] if name not in found],
        "left_out": [str(found[name]) for name in asked[:MOST_NAMES] if name in found][MOST_TEAMS:],
        "most": MOST_TEAMS,
    }
    chosen = [found[name] for name in asked if name in found][:MOST_TEAMS]
    now, sight = timezone.now(), sight_of(request.user)
    if len(chosen) > 1 and not query.get("choose"):
        page = team_comparison(chosen, query, now=now, sight=sight)
        return render(request, "dashboards/team_comparison.html", {"page": page, **context})
    references = [Reference(TEAM, team.identifier, str(team)) for team in chosen]
    listed = teams_page(query, references, now=now, sight=sight)
    return render(request, "dashboards/teams_page.html", {"page": listed, **context})


def _found(names: Iterable[str]) -> dict[str, Entity]:
    rows = Entity.objects.of(TEAM).named(names).select_related("blueprint")
    return {team.identifier: team for team in rows}
