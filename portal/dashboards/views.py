"""The pages: read the address, ask a page module for what it shows, draw it."""

from functools import partial

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from catalog.models import TEAM, USER, Blueprint
from portal.dashboards.building import building_of
from portal.dashboards.bulk_changes import actions_of
from portal.dashboards.campaign_page import campaign_page
from portal.dashboards.campaigns_page import campaigns_page
from portal.dashboards.entity_page import entity_page
from portal.dashboards.finding import entity_at
from portal.dashboards.groups import groups_of
from portal.dashboards.home_page import home_page
from portal.dashboards.number_page import number_page
from portal.dashboards.palette import hits_for
from portal.dashboards.querystring import QueryString
from portal.dashboards.scorecard_page import overviews, scorecard_page
from portal.dashboards.search_page import search_page
from portal.dashboards.table import table_of
from portal.dashboards.team_page import team_page
from portal.permissions import may_edit_catalog, may_read_people, username_of
from scorecards.models import Campaign, Scorecard


def _query(request: HttpRequest) -> QueryString:
    return QueryString.of(request.GET.items())


def _wants_part(request: HttpRequest, part: str) -> bool:
    """Say whether script asks for one part of the page, named by the id of its element.

    A history restore wants the whole page: the part alone would be left standing on its own.
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request and htmx.target == part


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what concerns the reader."""
    identifier = request.user.entity_identifier if request.user.is_authenticated else ""
    page = home_page(identifier, _query(request))
    return render(request, "dashboards/home_page.html", {"page": page})


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def catalog_table(request: HttpRequest, blueprint: str) -> HttpResponse:
    """Show the entities of a blueprint."""
    if blueprint == USER and not may_read_people(request.user):
        return redirect_to_login(request.get_full_path())
    found = get_object_or_404(Blueprint, identifier=blueprint)
    building = building_of(found, request.GET, _query(request))
    if building.address:
        return redirect(f"{request.path}{building.address}")
    table = table_of(found, building.query, has_people=may_read_people(request.user))
    builder = SimpleLazyObject(partial(building.form, found, table.filterset))
    context = {
        "table": table,
        "groups": groups_of(table),
        "blueprint": found,
        "building": building,
        "builder": builder,
        "actions": actions_of(found) if may_edit_catalog(request.user) else [],
    }
    if not _wants_part(request, "results"):
        page = render(request, "dashboards/table_page.html", context)
        is_script = bool(request.htmx) and not building.faults  # type: ignore[attr-defined]
        return push_url(page, f"{request.path}{building.here}") if is_script else page
    part = render(request, "dashboards/_table.html", context)
    # The address without the fields that the form sends empty.
    return push_url(part, f"{request.path}{table.query}")


@require_safe
def entity(request: HttpRequest, blueprint: str, identifier: str) -> HttpResponse:
    """Show one entity; teams have a page of their own."""
    if blueprint == TEAM:
        return redirect("team", identifier)
    if blueprint == USER and not may_read_people(request.user):
        return redirect_to_login(request.get_full_path())
    page = entity_page(entity_at(blueprint, identifier), now=timezone.now())
    return render(request, "dashboards/entity_page.html", {"page": page})


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
    return render(request, "dashboards/scorecards_page.html", {"overviews": overviews()})


@require_safe
def scorecard(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one scorecard; a draft grades nothing and has no page yet."""
    published = Scorecard.objects.published().with_parts()
    found = get_object_or_404(published, identifier=identifier)
    page = scorecard_page(found, _query(request))
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
    hits = hits_for(words, username=username_of(user), has_people=may_read_people(user))
    return render(request, "dashboards/_palette.html", {"hits": hits, "words": words})
