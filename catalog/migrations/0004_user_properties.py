"""Give the blueprint of people what is known of everybody: their status, role and blueprints."""

from secrets import randbits

from django.db import migrations

PROPERTIES = {
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
    "moderated_blueprints": {
        "type": "array",
        "title": "Moderated blueprints",
        "items": {"type": "string", "format": "blueprints"},
    },
}


def extend(apps, schema_editor):
    """Add the properties that are missing; one that somebody defined stays theirs."""
    blueprints = apps.get_model("catalog", "Blueprint").objects
    row = blueprints.filter(identifier="_user").first()
    if row is not None:
        own = row.schema.get("properties", {})
        computed = (row.mirror_properties, row.calculation_properties, row.aggregation_properties)
        taken = {*own, *(name for names in computed for name in names)}
        new = {name: item for name, item in PROPERTIES.items() if name not in taken}
        properties = {**new, **own}
        row.schema = {**row.schema, "properties": properties}
        row.revision = randbits(40)
        row.save()


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_rollups")]
    operations = [migrations.RunPython(extend, migrations.RunPython.noop)]
