"""What who asks may do."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations.port.answers import success
from portal.integrations.port.permissions import permissions_of
from portal.integrations.port.views import PortView


class PermissionsView(PortView):
    """``GET /auth/permissions``; ``action_version`` is passed over."""

    def get(self, request: Request) -> Response:
        """List them."""
        return success(permissions=permissions_of(self.rights))
