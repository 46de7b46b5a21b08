"""What every page shows around its content."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from catalog.models import Blueprint
from portal.dashboards.entity_counts import with_counts
from portal.dashboards.shelf import boards_for
from portal.dashboards.visitors import Visitor
from portal.permissions import may_edit_catalog, may_read, sight_of
from scorecards.models import Scorecard


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the side navigation: three queries, made only by a page that draws it.

    Error pages are also shown to people who may not read: theirs stays empty.
    """
    user = getattr(request, "user", None)
    return {
        "now": timezone.now(),
        "may_edit": may_edit_catalog(user),
        "navigation": SimpleLazyObject(partial(_navigation, user)) if may_read(user) else {},
    }


def _navigation(user: Any) -> dict[str, Any]:
    sight = sight_of(user)
    blueprints = Blueprint.objects.exclude(pk__in=sight.hidden).values(
        "identifier", "title", "icon", "is_system", "id"
    )
    scorecards = Scorecard.objects.published().seen_in(sight).values("identifier", "title")
    return {
        "blueprints": with_counts(blueprints.order_by("is_system", "title", "id")),
        "scorecards": scorecards.order_by("title", "id"),
        "boards": boards_for(Visitor(user)),
    }
