"""Make the blueprints that the portal itself relies on: teams own entities, users belong to teams."""

from django.db import migrations
from django.utils import timezone

from catalog.models import new_revision

SYSTEM = {
    "_team": {
        "title": "Team",
        "description": "Owns entities, and has people.",
        "icon": "team",
        "schema": {
            "properties": {"description": {"type": "string", "title": "Description"}},
            "required": [],
        },
        "ownership": None,
    },
    "_user": {
        "title": "User",
        "description": "A person, known by e-mail address. Their teams are those that own this entity.",
        "icon": "user",
        "schema": {"properties": {}, "required": []},
        "ownership": {"type": "Direct", "title": "Teams"},
    },
}


def make(apps, schema_editor):
    Blueprint = apps.get_model("catalog", "Blueprint")
    now = timezone.now()
    for identifier, values in SYSTEM.items():
        Blueprint.objects.create(
            identifier=identifier,
            is_system=True,
            revision=new_revision(),
            created_at=now,
            updated_at=now,
            **values,
        )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
