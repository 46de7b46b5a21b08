"""The addresses of entities."""

from django.urls import path

from portal.integrations.port import views_aggregates, views_entities, views_search

_ENTITIES = "blueprints/<segment:blueprint>/entities"

urlpatterns = [
    path("entities/search", views_search.SearchView.as_view()),
    path("entities/aggregate", views_aggregates.AggregateView.as_view()),
    path("entities/aggregate-over-time", views_aggregates.AggregateOverTimeView.as_view()),
    path("entities/properties-history", views_aggregates.PropertiesHistoryView.as_view()),
    path("blueprints/entities/datasource-entities", views_search.DatasourceView.as_view()),
    path(_ENTITIES, views_entities.EntitiesView.as_view()),
    # Two names that an entity may have as well.
    path(f"{_ENTITIES}/bulk", views_entities.BulkView.as_view(), {"entity": "bulk"}),
    path(f"{_ENTITIES}/search", views_search.BlueprintSearchView.as_view(), {"entity": "search"}),
    path(f"{_ENTITIES}/<segment:entity>", views_entities.EntityView.as_view()),
    path(
        "blueprints/<segment:blueprint>/bulk/entities/delete",
        views_entities.BulkDeleteView.as_view(),
    ),
]
