"""The addresses of what was done, and of what may be."""

from django.urls import path

from portal.integrations.port.views_audit import AuditLogView
from portal.integrations.port.views_permissions import PermissionsView

urlpatterns = [
    path("audit-log", AuditLogView.as_view()),
    path("auth/permissions", PermissionsView.as_view()),
]
