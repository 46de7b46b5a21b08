"""The addresses of blueprints."""

from django.urls import path

from portal.integrations.port import views_blueprints as views
from portal.integrations.port.blueprint_renaming import MIRROR, PROPERTY, RELATION

_ITEM = "blueprints/<segment:blueprint>/{}/<segment:item>/rename"

urlpatterns = [
    path("blueprints", views.BlueprintsView.as_view()),
    path("blueprints/system/<segment:blueprint>/structure", views.StructureView.as_view()),
    path("blueprints/<segment:blueprint>", views.BlueprintView.as_view()),
    path("blueprints/<segment:blueprint>/entities-count", views.EntitiesCountView.as_view()),
    path(_ITEM.format("properties"), views.RenameView.as_view(kind=PROPERTY)),
    path(_ITEM.format("mirror"), views.RenameView.as_view(kind=MIRROR)),
    path(_ITEM.format("relations"), views.RenameView.as_view(kind=RELATION)),
    path("blueprints/<segment:blueprint>/permissions", views.PermissionsView.as_view()),
    path("blueprints/<segment:blueprint>/permissions/simulate", views.SimulationView.as_view()),
]
