"""Every address of the site, mounted in one place."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from catalog.api.urls import register as register_catalog
from portal.api.me import MeViewSet
from portal.api.viewsets import Router, UnknownAddress
from portal.health import healthz, readyz
from portal.metrics import MetricsView
from portal.status.views import status
from scorecards.api.urls import register as register_scorecards

router = Router()
register_catalog(router)
register_scorecards(router)
router.register("me", MeViewSet, basename="api-me")


handler500 = "portal.failures.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("status/", status, name="status"),
    path("", include("portal.signin.urls")),
    *([path("", include("portal.sso.urls"))] if settings.TIDEMARK_USES_SSO else []),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api/docs.html"),
        name="docs",
    ),
    path("api/", include("portal.integrations.datadog.urls")),
    path("api/", include(router.urls)),
    re_path(r"^api/(?:.*/)?$", UnknownAddress.as_view()),
    path("v1/", include("portal.integrations.port.urls")),
    path("", include("portal.dashboards.urls")),
]
