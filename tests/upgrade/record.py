"""Record a release: `make record`, on the commit that is released.

A small site is made by that commit's own migrations and code: the demo with the events of a few
services, and what people and tools leave at its doors. Its rows, and the names of its newest
migrations, go into the file from which the test of upgrades makes the site again.
"""

import io
import json
import os
from dataclasses import replace
from typing import Any
from unittest import mock

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from catalog.models import Entity  # noqa: E402
from portal import demo  # noqa: E402
from portal.models import User  # noqa: E402
from scorecards.models import Rule  # noqa: E402
from scorecards.packs.demo import DemoData, read_demo  # noqa: E402
from tests.upgrade.released import Released, stored_rows, write  # noqa: E402

# Whose events are kept. All of the demo would be a large file.
SERVICES = {"healthchecks", "django-htmx", "import-linter", "django-allauth", "webhooks"}
CARD = {
    "identifier": "readiness",
    "title": "Readiness",
    "blueprints": ["service"],
    "rules": [{"identifier": "drilled", "title": "Drilled", "level": "Bronze", "query": None}],
}
OUTCOME = {
    "scorecard": "readiness",
    "rule": "drilled",
    "blueprint": "service",
    "entity": "healthchecks",
}
REGISTER = {"entities": {"register": {"roles": ["Member"], "ownedByTeam": True}}}
BOARD = {"identifier": "board", "title": "Board", "type": "dashboard", "parent": "boards"}
ACTION = {
    "identifier": "restart",
    "title": "Restart",
    "trigger": {
        "type": "self-service",
        "operation": "DAY-2",
        "blueprintIdentifier": "service",
        "userInputs": {"properties": {"where": {"type": "string"}}, "required": []},
    },
    "invocationMethod": {"type": "WEBHOOK", "url": "https://hooks.example.com/"},
}
WEBHOOK = {
    "identifier": "forge",
    "title": "Forge",
    "security": {"secret": "hidden", "signatureHeaderName": "X-Signature"},
    "mappings": [{"blueprint": "service", "entity": {"identifier": ".body.repo"}}],
}
EXPORTER = {
    "installationId": "exporter",
    "installationAppType": "custom",
    "version": "1",
    "config": {"resources": []},
}
DEPLOYMENT = {"service": "healthchecks", "started_at": 1_790_000_000, "finished_at": 1_790_000_600}
# What tools leave, in this order.
REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("post", "/api/scorecards/", CARD),
    ("post", "/api/outcomes/", {**OUTCOME, "state": "pass", "remark": "Run 7"}),
    ("post", "/api/outcomes/", {**OUTCOME, "state": "fail", "remark": "Run 8"}),
    ("patch", "/api/entities/service/healthchecks/", {"title": "Healthchecks, renamed"}),
    ("delete", "/api/entities/service/datasette/", None),
    ("patch", "/v1/blueprints/service/permissions", REGISTER),
    ("post", "/v1/sidebars/catalog/folders", {"identifier": "boards", "title": "Boards"}),
    ("post", "/v1/pages", BOARD),
    ("post", "/v1/actions", ACTION),
    ("post", "/v1/webhooks", WEBHOOK),
    ("post", "/v1/integration", EXPORTER),
    ("post", "/api/v2/dora/deployment", {"data": {"attributes": DEPLOYMENT}}),
)


def make_site() -> None:
    """Make the site that is recorded."""
    call_command("migrate", verbosity=0)
    with mock.patch.object(demo, "read_demo", few_events):
        demo.load_demo(now=timezone.now())
    admin = User.objects.get(username="admin")
    ask_as_tools(bearers())
    ask_as(admin)


def few_events(now: Any) -> DemoData:
    """Return the demo with the events of some services."""
    whole = read_demo(now)
    return replace(
        whole,
        entities={
            name: [row for row in drafts if row["relations"].get("service", "webhooks") in SERVICES]
            for name, drafts in whole.entities.items()
        },
    )


def bearers() -> dict[str, str]:
    """Make a token and a credential; return what opens each of the doors."""
    out = io.StringIO()
    call_command("create_token", "admin", scope="write", json=True, stdout=out)
    token = json.loads(out.getvalue())["token"]
    out = io.StringIO()
    call_command("create_credential", "exporter", json=True, stdout=out)
    secrets = json.loads(out.getvalue())
    body = {"clientId": secrets["clientId"], "clientSecret": secrets["clientSecret"]}
    answer = Client().post("/v1/auth/access_token", body, content_type="application/json")
    access = answer.json()["accessToken"]
    return {"/api/": token, "/v1/": access, "/api/v2/": access}


def ask_as_tools(bearer_of: dict[str, str]) -> None:
    """Send the requests; one that is refused ends everything."""
    for method, path, body in REQUESTS:
        door = max((door for door in bearer_of if path.startswith(door)), key=len)
        answer = getattr(Client(), method)(
            path,
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {bearer_of[door]}"},
            RAW_URI=path,
        )
        assert answer.status_code < 300, (path, answer.status_code, answer.content)


def ask_as(user: User) -> None:
    """Send forms of the pages as somebody."""
    client = Client()
    client.force_login(user)
    entity = Entity.objects.get(identifier="import-linter")
    rule = Rule.objects.get(identifier="drilled")
    for path, form in (
        ("/exemptions/", {"entity": entity.pk, "rule": rule.pk, "reason": "No service"}),
        ("/views/service/", {"title": "Mine", "query": "sort=-title", "is_shared": "1"}),
    ):
        answer = client.post(path, form)
        assert answer.status_code == 302, (path, answer.status_code, answer.content)


def newest_migrations() -> dict[str, str]:
    """Return the newest migration of each app."""
    return dict(MigrationLoader(connection).graph.leaf_nodes())


if __name__ == "__main__":
    setup_test_environment()
    # Tasks run where they are sent: none is still at work when the rows are read.
    with override_settings(IS_TESTING=True):
        make_site()
    write(Released(newest_migrations(), stored_rows()))
