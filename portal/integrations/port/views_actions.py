"""Actions: their documents, and who may run them."""

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations.actions import operations
from portal.integrations.actions.documents import parse_action
from portal.integrations.models import Action
from portal.integrations.port import actions
from portal.integrations.port.actions_codec import document_of
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView


class ActionListView(PortView):
    """All actions, of people and of events; a POST makes one."""

    def get(self, request: Request) -> Response:
        """Return those that the query asks for."""
        names = {name: self.names(name) for name in actions.PARAMETERS}
        has_said = "published" in request.query_params
        published = self.flag("published") if has_said else None
        rows = actions.chosen(names, published=published, sight=self.rights.sight)
        return success(actions=[document_of(row) for row in rows])

    def post(self, request: Request) -> Response:
        """Make one."""
        row = operations.save_action(document=self.body(), by=self.actor, now=timezone.now())
        return success(status=201, action=document_of(row), **_warnings(row))


class ActionBase(PortView):
    """What the views of one action share."""

    def action(self, identifier: str) -> Action:
        """Return it, unless it names what may not be read; raises `NotFound`."""
        return actions.find_action(identifier, self.rights.sight)


class ActionView(ActionBase):
    """One action."""

    def get(self, request: Request, identifier: str) -> Response:
        """Return it."""
        return success(action=document_of(self.action(identifier)))

    def put(self, request: Request, identifier: str) -> Response:
        """Replace it; another identifier in the body renames it."""
        row = self.action(identifier)
        document = {"identifier": identifier, **self.body()}
        row = operations.save_action(
            document=document, action=row, by=self.actor, now=timezone.now()
        )
        return success(action=document_of(row), **_warnings(row))

    def delete(self, request: Request, identifier: str) -> Response:
        """Delete it."""
        row = self.action(identifier)
        operations.delete_action(action=row, by=self.actor, now=timezone.now())
        return success()


def _warnings(row: Action) -> dict[str, list[str]]:
    found = parse_action(row.document).warnings
    return {"warnings": found} if found else {}


class ActionPermissionsView(ActionBase):
    """Who may run an action, and who may approve a run."""

    def get(self, request: Request, identifier: str) -> Response:
        """Return it."""
        row = self.action(identifier)
        return success(permissions=operations.permissions_of(row))

    def patch(self, request: Request, identifier: str) -> Response:
        """Change the parts that the body names."""
        row = operations.set_permissions(
            action=self.action(identifier),
            permissions=self.body(),
            by=self.actor,
            now=timezone.now(),
        )
        return success(permissions=operations.permissions_of(row))


class ActionSecretView(ActionBase):
    """The key by which receivers check that a request of the action is genuine."""

    def get(self, request: Request, identifier: str) -> Response:
        """Return it to those who may also change the action."""
        if not self.rights.may_edit_catalog:
            raise exceptions.PermissionDenied(
                "The key is for who may change the action: it takes a credential of scope 'write'."
            )
        return success(secret=self.action(identifier).secret.reveal())
