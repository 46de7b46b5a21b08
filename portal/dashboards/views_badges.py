"""Badges of levels, for READMEs and wikis."""

from hashlib import sha256
from urllib.parse import unquote

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from catalog.models import USER, Entity
from portal.dashboards.badges import badge_svg
from portal.dashboards.finding import address_of, entity_at
from portal.permissions import may_edit_catalog, may_read, may_read_people
from scorecards.models import Evaluation, Scorecard

# Seconds for which a badge may be shown without asking again.
MAX_AGE = 300
_SIGNER = Signer(salt="tidemark.badges")


def signature_of(path: str) -> str:
    """Return what lets anybody see the badge at a path, for as long as the secret key stays.

    The path may be encoded: what is signed is what a request for it asks for.
    """
    return _SIGNER.signature(unquote(path))


def is_signed(path: str, signature: str) -> bool:
    """Say whether a signature is that of the path."""
    try:
        return _SIGNER.unsign(f"{path}{_SIGNER.sep}{signature}") == path
    except BadSignature:
        return False


@require_safe
@login_not_required
def badge(request: HttpRequest, blueprint: str, identifier: str, scorecard: str) -> HttpResponse:
    """Draw the level of an entity; who may not read needs the signature of the address."""
    has_signature = is_signed(request.path, request.GET.get("sig", ""))
    if not has_signature and not may_read(request.user):
        return redirect_to_login(request.get_full_path())
    entity = _entity(request, blueprint, identifier)
    card = get_object_or_404(Scorecard.objects.published(), identifier=scorecard)
    held = Evaluation.objects.filter(entity=entity, scorecard=card).select_related("level").first()
    level = held.level if held else None
    drawn = badge_svg(card.title, *(level.title, level.color) if level else ("not graded", "none"))
    etag = quote_etag(sha256(drawn.encode()).hexdigest()[:24])
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        drawn, content_type="image/svg+xml"
    )
    response["ETag"] = etag
    reach = "public" if has_signature else "private"
    response["Cache-Control"] = f"{reach}, max-age={MAX_AGE}"
    return response


@require_safe
def badges(request: HttpRequest, blueprint: str, identifier: str) -> HttpResponse:
    """Show the badges of an entity, and how they are put elsewhere."""
    entity = _entity(request, blueprint, identifier)
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


def _entity(request: HttpRequest, blueprint: str, identifier: str) -> Entity:
    if blueprint == USER and not may_read_people(request.user):
        raise Http404(f"no {identifier} in {blueprint}")
    return entity_at(blueprint, identifier)
