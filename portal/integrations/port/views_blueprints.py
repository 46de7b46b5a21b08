"""The blueprints, at ``/v1/blueprints``."""

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import operations
from catalog.models import Blueprint
from portal.integrations.port import blueprints, system_blueprints
from portal.integrations.port.answers import failure, success
from portal.integrations.port.blueprint_renaming import PROPERTY, Kind, rename_item
from portal.integrations.port.derived import DERIVED
from portal.integrations.port.views import PortView


class BlueprintsView(PortView):
    """All of them."""

    def get(self, request: Request) -> Response:
        """Show all."""
        return success(blueprints=blueprints.all_presented(rights=self.rights))

    def post(self, request: Request) -> Response:
        """Create one; what points at blueprints that are missing waits for them."""
        row, is_new = blueprints.create(
            body=self.body(),
            by=self.actor,
            now=timezone.now(),
            has_catalog_page=self.flag("create_catalog_page", default=True),
        )
        return success(status=201 if is_new else 200, blueprint=blueprints.present(row))


class BlueprintView(PortView):
    """One of them."""

    def get(self, request: Request, blueprint: str) -> Response:
        """Show it."""
        return success(blueprint=blueprints.presented(blueprint, rights=self.rights))

    def put(self, request: Request, blueprint: str) -> Response:
        """Make it what the body says and nothing else."""
        if blueprint in DERIVED:
            return success(
                blueprint=blueprints.check_unchanged(blueprint, self.body(), rights=self.rights)
            )
        row = blueprints.replace_blueprint(
            blueprint=self.blueprint(blueprint), body=self.body(), by=self.actor, now=timezone.now()
        )
        return success(blueprint=blueprints.present(row))

    def patch(self, request: Request, blueprint: str) -> Response:
        """Change what the body names: items of sections one by one, other keys as they are."""
        if blueprint in DERIVED:
            return success(
                blueprint=blueprints.check_unchanged(blueprint, self.body(), rights=self.rights)
            )
        row = blueprints.change_blueprint(
            blueprint=self.blueprint(blueprint), body=self.body(), by=self.actor, now=timezone.now()
        )
        return success(blueprint=blueprints.present(row))

    def delete(self, request: Request, blueprint: str) -> Response:
        """Delete it, if it has no entities."""
        operations.delete_blueprint(
            blueprint=blueprints.editable(blueprint), by=self.actor, now=timezone.now()
        )
        return success()


class StructureView(PortView):
    """What the portal relies on in a blueprint of its own."""

    def get(self, request: Request, blueprint: str) -> Response:
        """Show it."""
        if not self.rights.may_read_blueprint(blueprint):
            raise exceptions.NotFound(f"There is no blueprint '{blueprint}'.")
        return success(blueprint=system_blueprints.structure(blueprint))


class EntitiesCountView(PortView):
    """How many entities a blueprint has."""

    def get(self, request: Request, blueprint: str) -> Response:
        """Count them."""
        return success(count=self.blueprint(blueprint).entities.count())


class RenameView(PortView):
    """An item of a blueprint under another name; `kind` says of which kind it is."""

    kind: Kind = PROPERTY

    def patch(self, request: Request, blueprint: str, item: str) -> Response:
        """Rename it, with its values and all that is read by it."""
        row = blueprints.editable(blueprint)
        name = self.kind.name_in(self.body())
        rename_item(
            blueprint=row, kind=self.kind, key=item, new_key=name, by=self.actor, now=timezone.now()
        )
        return success(blueprint=blueprints.present(blueprints.find(blueprint)))


class PermissionsView(PortView):
    """Who may do what with the entities of a blueprint."""

    def get(self, request: Request, blueprint: str) -> Response:
        """Show it."""
        return self._shown(self.blueprint(blueprint))

    def patch(self, request: Request, blueprint: str) -> Response:
        """Change what the body names."""
        row = operations.set_permissions(
            blueprint=self.blueprint(blueprint),
            change=self.body(),
            by=self.actor,
            now=timezone.now(),
        )
        return self._shown(row)

    def _shown(self, row: Blueprint) -> Response:
        return success(permissions=blueprints.permissions_of(row, rights=self.rights))


class SimulationView(PortView):
    """What somebody could do under other permissions: not offered."""

    reading_methods = ("POST",)

    def post(self, request: Request, blueprint: str) -> Response:
        """Say that nothing is simulated, and what tells the same."""
        self.blueprint(blueprint)
        message = (
            "Permissions are not simulated here; GET /v1/blueprints/<blueprint>/permissions shows "
            "those that hold, and a credential of the role in question what they let it do."
        )
        return failure(501, message, code="not_implemented")
