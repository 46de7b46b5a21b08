"""The pages: read the address, ask a page module for what it shows, draw it."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import TEAM, USER
from portal.dashboards.boards.finding import reader_of
from portal.dashboards.campaign_page import campaign_page
from portal.dashboards.campaigns_page import campaigns_page
from portal.dashboards.entity_page import entity_page
from portal.dashboards.finding import entity_at
from portal.dashboards.home_page import home_page
from portal.dashboards.number_page import number_page
from portal.dashboards.palette import hits_for
from portal.dashboards.querystring import QueryString
from portal.dashboards.scorecard_page import scorecard_page
from portal.dashboards.scorecards_page import scorecards_page
from portal.dashboards.search_page import search_page
from portal.dashboards.team_page import team_page
from portal.dashboards.visitors import Visitor
from portal.permissions import may_exempt, may_read_people
from scorecards.models import Campaign, Scorecard


def _query(request: HttpRequest) -> QueryString:
    return QueryString.of(request.GET.items())


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what concerns the reader."""
    identifier = request.user.entity_identifier if request.user.is_authenticated else ""
    page = home_page(
        identifier,
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
    page = entity_page(
        entity_at(blueprint, identifier),
        _query(request),
        now=timezone.now(),
        has_people=may_read_people(request.user),
    )
    context = {"page": page, "may_exempt": may_exempt(request.user, blueprint)}
    return render(request, "dashboards/entity_page.html", context)


@require_safe
def team(request: HttpRequest, team: str) -> HttpResponse:
    """Show a team."""
    page = team_page(
        entity_at(TEAM, team),
        _query(request),
        now=timezone.now(),
        has_people=may_read_people(request.user),
    )
    return render(request, "dashboards/team_page.html", {"page": page})


@require_safe
def number(request: HttpRequest, blueprint: str, key: str, identifier: str) -> HttpResponse:
    """Show how one computed value of an entity comes about."""
    if blueprint == USER and not may_read_people(request.user):
        return redirect_to_login(request.get_full_path())
    page = number_page(
        entity_at(blueprint, identifier),
        key,
        period=_query(request).get("period"),
        now=timezone.now(),
        has_people=may_read_people(request.user),
    )
    if page is None:
        raise Http404(f"{blueprint} computes no {key}")
    return render(request, "dashboards/number_page.html", {"page": page})


@require_safe
def scorecards(request: HttpRequest) -> HttpResponse:
    """Show all scorecards."""
    page = scorecards_page(_query(request), now=timezone.now())
    return render(request, "dashboards/scorecards_page.html", {"page": page})


@require_safe
def scorecard(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one scorecard; a draft grades nothing and has no page yet."""
    published = Scorecard.objects.published().with_parts()
    found = get_object_or_404(published, identifier=identifier)
    page = scorecard_page(found, _query(request), now=timezone.now())
    return render(request, "dashboards/scorecard_page.html", {"page": page})


@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """Show all campaigns."""
    page = campaigns_page(_query(request), now=timezone.now())
    return render(request, "dashboards/campaigns_page.html", {"page": page})


@require_safe
def campaign(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one campaign."""
    found = get_object_or_404(Campaign.objects.with_parts(), identifier=identifier)
    page = campaign_page(found, _query(request), now=timezone.now())
    return render(request, "dashboards/campaign_page.html", {"page": page})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what is called like the words."""
    page = search_page(_query(request), has_people=may_read_people(request.user))
    return render(request, "dashboards/search_page.html", {"page": page, "words": page.words})


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """Show what the command palette finds: a part of a page, for script."""
    words = _query(request).get("q")
    user = request.user
    hits = hits_for(words, visitor=Visitor(user), has_people=may_read_people(user))
    return render(request, "dashboards/_palette.html", {"hits": hits, "words": words})
