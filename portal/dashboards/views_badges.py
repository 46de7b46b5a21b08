"""Badges of levels, for READMEs and wikis."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import USER, Entity
from portal.dashboards.badges import badge_svg
from portal.dashboards.embedding import is_signed, signature_of, svg_response
from portal.dashboards.finding import address_of, entity_at
from portal.permissions import EVERYTHING, may_edit_catalog, may_read, sight_of
from scorecards.models import Evaluation, Scorecard


@require_safe
@login_not_required
def badge(request: HttpRequest, blueprint: str, identifier: str, scorecard: str) -> HttpResponse:
    """Draw the level of an entity; who may not read needs the signature of the address."""
    has_signature = is_signed(request)
    if not has_signature and not may_read(request.user):
        return redirect_to_login(request.get_full_path())
    # Who signs the badge of an entity shows that to anybody; who is who is shown to nobody.
    signed = has_signature and blueprint != USER
    entity = entity_at(blueprint, identifier, EVERYTHING if signed else sight_of(request.user))
    card = get_object_or_404(Scorecard.objects.published(), identifier=scorecard)
    held = Evaluation.objects.filter(entity=entity, scorecard=card).select_related("level").first()
    level = held.level if held else None
    drawn = badge_svg(card.title, *(level.title, level.color) if level else ("not graded", "none"))
    return svg_response(request, drawn, is_public=has_signature)


@require_safe
def badges(request: HttpRequest, blueprint: str, identifier: str) -> HttpResponse:
    """Show the badges of an entity, and how they are put elsewhere."""
    entity = entity_at(blueprint, identifier, sight_of(request.user))
    cards = Scorecard.objects.grading(entity.blueprint_id).filter(evaluations__entity=entity)
    found = [_snippet(request, entity, card) for card in cards]
    return render(request, "dashboards/badges_page.html", {"entity": entity, "badges": found})


def _snippet(request: HttpRequest, entity: Entity, card: Scorecard) -> dict[str, str]:
    path = reverse("badge", args=[entity.blueprint.identifier, entity.identifier, card.identifier])
    query = f"?sig={signature_of(path)}" if may_edit_catalog(request.user) else ""
    image = request.build_absolute_uri(f"{path}{query}")
    page = address_of(entity.blueprint.identifier, entity.identifier)
    link = request.build_absolute_uri(page)
    return {
        "title": card.title,
        "image": path,
        "markdown": f"[![{card.title}]({image})]({link})",
    }
