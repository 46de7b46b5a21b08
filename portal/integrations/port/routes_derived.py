"""The addresses of entities that are derived from scorecards."""

from django.urls import path

from portal.integrations.port import views_derived

_ENTITIES = "blueprints/<derived:blueprint>/entities"

urlpatterns = [
    path(_ENTITIES, views_derived.DerivedEntitiesView.as_view()),
    path(f"{_ENTITIES}/bulk", views_derived.DerivedBulkView.as_view(), {"entity": "bulk"}),
    path(f"{_ENTITIES}/search", views_derived.DerivedSearchView.as_view(), {"entity": "search"}),
    path(f"{_ENTITIES}/<segment:entity>", views_derived.DerivedEntityView.as_view()),
]
