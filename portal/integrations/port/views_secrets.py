"""Secrets of the organization: written, and never told back."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import NotFound
from portal.integrations import secrets as operations
from portal.integrations.models import OrganizationSecret
from portal.integrations.port import secrets_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView


class SecretsView(PortView):
    """``/organization/secrets``: all secrets, and a new one."""

    for_admins = True

    def get(self, request: Request) -> Response:
        """Return all, without their values."""
        rows = OrganizationSecret.objects.order_by("name").defer("value")
        return success(secrets=[codec.write(row) for row in rows])

    def post(self, request: Request) -> Response:
        """Keep a new one; 409 where there is one of this name."""
        secret = codec.read_new(self.body())
        row = operations.create_secret(**secret, by=self.actor, now=timezone.now())
        return success(status=201, secret=codec.write(row))


class SecretView(PortView):
    """``/organization/secrets/{name}``: one secret."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return it, without its value."""
        return success(secret=codec.write(_find(name)))

    def patch(self, request: Request, name: str) -> Response:
        """Replace its value, or say what it is for."""
        row = operations.change_secret(
            secret=_find(name),
            **codec.read_change(self.body()),
            by=self.actor,
            now=timezone.now(),
        )
        return success(secret=codec.write(row))

    def delete(self, request: Request, name: str) -> Response:
        """Let go of it."""
        operations.delete_secret(secret=_find(name), by=self.actor, now=timezone.now())
        return success()


def _find(name: str) -> OrganizationSecret:
    row = OrganizationSecret.objects.filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no secret '{name}'.")
    return row
