"""The REST routes of this app.

Entities and teams are shown with their scorecards, which the catalog does not know: their routes
are in `scorecards.api.urls`.
"""

from rest_framework.routers import BaseRouter

from catalog.api.trash import DeletedViewSet, RetentionViewSet
from catalog.api.viewsets import BlueprintViewSet, ChangeViewSet


def register(router: BaseRouter) -> None:
    """Add the routes to the router of the site."""
    router.register("blueprints", BlueprintViewSet, basename="api-blueprint")
    router.register("changes", ChangeViewSet, basename="api-change")
    router.register("deleted", DeletedViewSet, basename="api-deleted")
    router.register("retentions", RetentionViewSet, basename="api-retention")
