"""The addresses of migrations of data."""

from django.urls import path

from portal.integrations.port import views_migrations as views

urlpatterns = [
    path("blueprints/<segment:blueprint>/all-entities", views.AllEntitiesView.as_view()),
    path("migrations", views.MigrationsView.as_view()),
    path("migrations/<segment:migration>", views.MigrationView.as_view()),
    path("migrations/<segment:migration>/cancel", views.CancelView.as_view()),
]
