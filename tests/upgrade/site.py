"""A site of the last release, and what became of it: an act a process, `load` or `look`."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.core.management.color import no_style  # noqa: E402
from django.core.serializers.python import Deserializer  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from catalog.models import Entity  # noqa: E402
from portal.models import ApiToken, User  # noqa: E402
from scorecards.models import Rule  # noqa: E402
from tests.rights.doors import Doors  # noqa: E402
from tests.rights.families import FAMILIES, families_of  # noqa: E402
from tests.rights.routes import all_routes  # noqa: E402
from tests.rights.world import samples_for  # noqa: E402
from tests.upgrade.released import read, stored_rows  # noqa: E402


class _RowsOfThen(Deserializer):
    """Reads rows as the models were at some migration."""

    def __init__(self, rows: Iterable[dict[str, Any]], models_of_then: Any) -> None:
        super().__init__(rows)
        self._get_model_from_node = models_of_then.get_model


def load() -> None:
    """Make the database as the last release would have, and put its rows there."""
    released = read()
    state = MigrationExecutor(connection).migrate(list(released.migrations.items()))
    for row in released.rows:
        # A migration that was released is not edited: databases have been through it.
        model = state.apps.get_model(row["model"])
        assert row["fields"].keys() == _stored(model), f"{row['model']} was another"
    # References are checked at the end.
    with transaction.atomic():
        for row in _RowsOfThen(released.rows, state.apps):
            row.save()
    _count_on(state.apps.get_models(include_auto_created=True))


def _stored(model: type[models.Model]) -> set[str]:
    fields = (*model._meta.local_fields, *model._meta.local_many_to_many)
    return {field.name for field in fields if not field.primary_key}


def _count_on(kinds: Iterable[type[models.Model]]) -> None:
    """Have new rows numbered after those that brought their numbers."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(kinds)):
            cursor.execute(statement)


# Paths of what this site has not: a second factor, single sign-on, rows of some kinds; and of what
# answers only to writes, or only with a query.
NOT_THERE = re.compile(
    r"nothing|/account/|/oidc/|/admin/r/|/api/(deleted|retentions|outcome-batches)/"
    r"|/v1/blueprints/service/entities/|/v1/blueprints/system/|/v1/kafka|/v1/actions/runs/"
    r"|/api/v2/scorecard/scores/|/services/definitions/|/entity_integrations/|/cursor|/secrets/"
)


def look() -> dict[str, Any]:
    """Return the rows that are there, and how many paths answer an admin, and which do not."""
    setup_test_environment()
    found: dict[str, Any] = {"rows": stored_rows()}
    # Who asks was made for it, and is taken back.
    with transaction.atomic():
        answers = dict(ask_everywhere())
        transaction.set_rollback(True)
    found["answered"] = sum(status == 200 for status in answers.values())
    found["wrong"] = {path: status for path, status in answers.items() if _is_wrong(path, status)}
    return found


def ask_everywhere() -> Iterator[tuple[str, int]]:
    """Yield every path that an admin may read, with the status of its answer."""
    admin = User.objects.get(username="admin")
    doors = Doors({"admin": admin}, samples(admin))
    families = families_of()
    for route in all_routes():
        (family,) = families[route.pattern]
        if "get" in route.methods and "admin" in FAMILIES[family].allowed("get"):
            (caller,) = (who for who in doors.callers(route) if who.name == "admin")
            yield doors.path(route), doors.ask(route, "get", caller)


def _is_wrong(path: str, status: int) -> bool:
    """Say whether that is no answer: it leads elsewhere, or there is no reading, by design."""
    if status in (200, 302, 405):
        return False
    return status not in (400, 404, 422) or not NOT_THERE.search(path)


def samples(admin: User) -> dict[str, str]:
    """Return the arguments of addresses by name."""
    return samples_for(
        Entity.objects.get(identifier="import-linter", blueprint__identifier="service"),
        rule=Rule.objects.get(identifier="drilled"),
        token=ApiToken.objects.get(),
        user=admin,
        team="seddonym",
        scorecard="dora_lead_time",
        campaign="within_a_week",
        board="dora_scorecards",
        key="dora_lead_time",
        action="restart",
        folder="boards",
        integration="exporter",
        name="exporter",
        page="board",
        webhook="forge",
    )


ACTS = {"load": load, "look": look}

if __name__ == "__main__":
    print(json.dumps(ACTS[sys.argv[1]]()))  # noqa: T201 - for who began this
