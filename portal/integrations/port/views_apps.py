"""Credentials, which this dialect calls apps: making, renaming, rotating and deleting them."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import NotFound
from portal.integrations import credentials as operations
from portal.integrations.models import ApiCredential
from portal.integrations.port import apps_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView


class AppsView(PortView):
    """``/apps``: all credentials, and a new one."""

    for_admins = True

    def get(self, request: Request) -> Response:
        """Return all, without what is secret."""
        rows = ApiCredential.objects.order_by("name")
        return success(apps=[codec.write(row) for row in rows])

    def post(self, request: Request) -> Response:
        """Make one that reads and writes, and return its secret, this once."""
        row, made = operations.create_credential(
            name=codec.read_name(self.body()),
            scope=ApiCredential.Scope.WRITE,
            by=self.actor,
            now=timezone.now(),
        )
        return success(app=codec.write(row, secret=made.client_secret))


class AppView(PortView):
    """``/apps/{client id}``: one credential."""

    for_admins = True

    def put(self, request: Request, client_id: str) -> Response:
        """Rename it, or let it in no more, or again."""
        row = operations.change_credential(
            credential=_find(client_id),
            **codec.read_change(self.body()),
            by=self.actor,
            now=timezone.now(),
        )
        return success(app=codec.write(row))

    def delete(self, request: Request, client_id: str) -> Response:
        """Delete it: its access tokens are void at once."""
        operations.delete_credential(credential=_find(client_id), by=self.actor, now=timezone.now())
        return success()


class AppSecretView(PortView):
    """``/apps/{client id}/rotate-secret``."""

    for_admins = True

    def post(self, request: Request, client_id: str) -> Response:
        """Make a new secret, which voids the old one, and return it, this once."""
        row = _find(client_id)
        secret = operations.rotate_secret(credential=row, by=self.actor, now=timezone.now())
        return success(app=codec.write(row, secret=secret))


def _find(client_id: str) -> ApiCredential:
    row = ApiCredential.objects.filter(client_id=client_id).first()
    if row is None:
        raise NotFound(f"There is no app '{client_id}'.")
    return row
