"""The blueprints that the portal itself relies on: teams own entities, users belong to teams."""

from typing import Any

from django.utils import timezone

from catalog.models import TEAM, USER, Blueprint

# The property of a user that says whose entities they have full control of.
MODERATED = "moderated_blueprints"

SYSTEM: dict[str, dict[str, Any]] = {
    TEAM: {
        "title": "Team",
        "description": "Owns entities, and has people.",
        "icon": "team",
        "schema": {
            "properties": {"description": {"type": "string", "title": "Description"}},
            "required": [],
        },
    },
    USER: {
        "title": "User",
        "description": "A person, known by e-mail address. Their teams are those that own this.",
        "icon": "user",
        "schema": {
            "properties": {
                "status": {
                    "type": "string",
                    "title": "Status",
                    "description": "Staged, Invited, Active or Disabled.",
                },
                "port_role": {
                    "type": "string",
                    "title": "Role",
                    "description": "What they may do: Admin or Member, or a role of your own.",
                },
                MODERATED: {
                    "type": "array",
                    "title": "Moderated blueprints",
                    "items": {"type": "string", "format": "blueprints"},
                },
            },
            "required": [],
        },
        "ownership": {"type": "Direct", "title": "Teams"},
    },
}


def make_system_blueprints(**kwargs: Any) -> None:
    """Make the system blueprints that are missing; sent by Django after every migration."""
    rows = Blueprint.objects.filter(identifier__in=SYSTEM)
    stored = set(rows.values_list("identifier", flat=True))
    now = timezone.now()
    for identifier in SYSTEM.keys() - stored:
        Blueprint.objects.create(
            identifier=identifier,
            is_system=True,
            created_at=now,
            updated_at=now,
            **SYSTEM[identifier],
        )
