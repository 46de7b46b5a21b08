"""Who used which AI tools on which days."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations.datadog.ai_activity import read_entries, record_activity
from portal.integrations.datadog.views import DatadogView


class UserActivity(DatadogView):
    """Receive a batch of reports."""

    needs_only_api_key = True

    def post(self, request: Request) -> Response:
        """Keep them."""
        record_activity(entries=read_entries(request.data), now=timezone.now())
        return Response({"data": None})
