"""Work on all entities of a blueprint, begun, told and cancelled."""

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from portal.integrations.models import DataMigration
from portal.integrations.port import data_migrations
from portal.integrations.port.answers import success
from portal.integrations.port.migrations_codec import present
from portal.integrations.port.views import PortView

# The newest of them; what is older is found by its status, actor or blueprint.
SHOWN = 100
FILTERS = {"status": "status", "actor": "actor", "blueprint": "source_blueprint"}


class AllEntitiesView(PortView):
    """All entities of a blueprint."""

    for_admins = True

    def delete(self, request: Request, blueprint: str) -> Response:
        """Have them deleted, and with `delete_blueprint` the blueprint after them."""
        row = data_migrations.begin_deletion(
            blueprint=self.blueprint(blueprint),
            deletes_blueprint=self.flag("delete_blueprint"),
            by=self.actor,
            now=timezone.now(),
        )
        return success(migrationId=row.identifier)


class MigrationsView(PortView):
    """What was begun."""

    for_admins = True

    def get(self, request: Request) -> Response:
        """Show the newest, of a status, an actor or a blueprint where one is named."""
        params = request.query_params
        wanted = {column: params[name] for name, column in FILTERS.items() if name in params}
        rows = DataMigration.objects.filter(**wanted).order_by("-id")[:SHOWN]
        return success(migrations=[present(row) for row in rows])

    def post(self, request: Request) -> Response:
        """Have entities mapped from one blueprint to another."""
        body = self.body()
        source = body.get("sourceBlueprint")
        if not isinstance(source, str):
            raise Invalid.at("sourceBlueprint", "name a blueprint")
        row = data_migrations.begin_mapping(
            blueprint=self.blueprint(source),
            mapping=body.get("mapping"),
            by=self.actor,
            now=timezone.now(),
        )
        return success(status=201, migrationId=row.identifier, migration=present(row))


class MigrationView(PortView):
    """One of them."""

    for_admins = True

    def get(self, request: Request, migration: str) -> Response:
        """Show how far it is."""
        return success(migration=present(migration_of(migration)))


class CancelView(PortView):
    """The end of one of them."""

    for_admins = True

    def post(self, request: Request, migration: str) -> Response:
        """Do no more of it."""
        row = data_migrations.cancel(row=migration_of(migration), by=self.actor, now=timezone.now())
        return success(migration=present(row))


def migration_of(identifier: str) -> DataMigration:
    """Return the migration that an address names; raises `NotFound`."""
    row = DataMigration.objects.filter(identifier=identifier).first()
    if row is None:
        raise exceptions.NotFound(f"There is no migration '{identifier}'.")
    return row
