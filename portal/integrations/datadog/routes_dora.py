"""The addresses of delivery events. Clients write one and many in either number."""

from django.urls import path

from portal.integrations import addresses  # noqa: F401  the converter of `<segment:...>`
from portal.integrations.datadog import views_ai_activity, views_dora

_DEPLOYMENT = views_dora.OneDeployment.as_view()
_FAILURE = views_dora.OneFailure.as_view()

urlpatterns = [
    path("v2/dora/deployment", views_dora.NewDeployment.as_view()),
    path("v2/dora/deployments", views_dora.Deployments.as_view()),
    path("v2/dora/deployment/<segment:id_>", _DEPLOYMENT),
    path("v2/dora/deployments/<segment:id_>", _DEPLOYMENT),
    path("v2/dora/failure", views_dora.NewFailure.as_view()),
    path("v2/dora/incident", views_dora.NewFailure.as_view()),
    path("v2/dora/failures", views_dora.Failures.as_view()),
    path("v2/dora/failure/<segment:id_>", _FAILURE),
    path("v2/dora/failures/<segment:id_>", _FAILURE),
    path("v2/ai_impact/user_activity", views_ai_activity.UserActivity.as_view()),
]
