"""The pages: read the address, ask a page module for what it shows, draw it."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import TEAM, USER, Blueprint
from portal.dashboards.boards.finding import reader_of
from portal.dashboards.campaign_page import campaign_page
from portal.dashboards.campaigns_page import campaigns_page
from portal.dashboards.entity_page import entity_page
from portal.dashboards.finding import entity_at, scorecard_at
from portal.dashboards.home_page import home_page
from portal.dashboards.number_page import number_page
from portal.dashboards.palette import hits_for
from portal.dashboards.querystring import QueryString
from portal.dashboards.scorecard_page import scorecard_page
from portal.dashboards.scorecards_page import scorecards_page
from portal.dashboards.search_page import search_page
from portal.dashboards.team_page import team_page
from portal.dashboards.visitors import Visitor
from portal.permissions import may_exempt, may_read_people, may_update, rights_of, sight_of
from scorecards.models import Campaign, Scorecard


def _query(request: HttpRequest) -> QueryString:
    return QueryString.of(request.GET.items())


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what concerns the reader."""
    page = home_page(
        _query(request),
        visitor=Visitor(request.user),
        reader=reader_of(request),
        now=timezone.now(),
    )
    return render(request, "dashboards/home_page.html", {"page": page})


@require_safe
def entity(request: HttpRequest, blueprint: str, identifier: str) -> HttpResponse:
    """Show one entity; teams have a page of their own."""
    if blueprint == TEAM:
        return redirect("team", identifier)
    if blueprint == USER and not may_read_people(request.user):
        return redirect_to_login(request.get_full_path())
    sight = sight_of(request.user)
    found = entity_at(blueprint, identifier, sight)
    page = entity_page(found, _query(request), now=timezone.now(), sight=sight)
    context = {
        "page": page,
        "may_exempt": may_exempt(request.user, blueprint),
        "may_update": may_update(
            request.user,
            blueprint=blueprint,
            policy=found.blueprint.permissions,
            owners=found.team,
        ),
    }
    return render(request, "dashboards/entity_page.html", context)


@require_safe
def team(request: HttpRequest, team: str) -> HttpResponse:
    """Show a team."""
    sight = sight_of(request.user)
    found = entity_at(TEAM, team, sight)
    page = team_page(found, _query(request), now=timezone.now(), sight=sight)
    return render(request, "dashboards/team_page.html", {"page": page})


@require_safe
def number(request: HttpRequest, blueprint: str, key: str, identifier: str) -> HttpResponse:
    """Show how one computed value of an entity comes about."""
    if blueprint == USER and not may_read_people(request.user):
        return redirect_to_login(request.get_full_path())
    sight, period = sight_of(request.user), _query(request).get("period")
    found = entity_at(blueprint, identifier, sight)
    page = number_page(found, key, period=period, now=timezone.now(), sight=sight)
    if page is None:
        raise Http404(f"{blueprint} computes no {key}")
    return render(request, "dashboards/number_page.html", {"page": page})


@require_safe
def scorecards(request: HttpRequest) -> HttpResponse:
    """Show all scorecards."""
    page = scorecards_page(_query(request), now=timezone.now(), sight=sight_of(request.user))
    return render(request, "dashboards/scorecards_page.html", {"page": page})


@require_safe
def scorecard(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one scorecard; a draft grades nothing and has no page yet."""
    sight = sight_of(request.user)
    found = scorecard_at(identifier, sight)
    page = scorecard_page(found, _query(request), now=timezone.now(), sight=sight)
    context = {"page": page, "may_edit": _may_edit(request, found)}
    return render(request, "dashboards/scorecard_page.html", context)


def _may_edit(request: HttpRequest, scorecard: Scorecard) -> bool:
    rights = rights_of(request.user)
    if not rights.moderates_any:
        return False
    # Also those that the reader does not see.
    graded = Blueprint.objects.filter(scorecards=scorecard).values_list("identifier", flat=True)
    return rights.may_edit_scorecard(set(graded))


@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """Show all campaigns."""
    page = campaigns_page(_query(request), now=timezone.now())
    return render(request, "dashboards/campaigns_page.html", {"page": page})


@require_safe
def campaign(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one campaign."""
    sight = sight_of(request.user)
    found = get_object_or_404(Campaign.objects.with_parts(sight), identifier=identifier)
    page = campaign_page(found, _query(request), now=timezone.now(), sight=sight)
    return render(request, "dashboards/campaign_page.html", {"page": page})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what is called like the words."""
    page = search_page(_query(request), sight=sight_of(request.user))
    return render(request, "dashboards/search_page.html", {"page": page, "words": page.words})


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """Show what the command palette finds: a part of a page, for script."""
    words = _query(request).get("q")
    user = request.user
    hits = hits_for(words, visitor=Visitor(user), sight=sight_of(user))
    return render(request, "dashboards/_palette.html", {"hits": hits, "words": words})
