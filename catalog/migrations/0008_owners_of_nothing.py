from django.db import migrations
from django.utils import timezone


def work_out_again(apps, schema_editor):
    """Have the sweep work out entities that nobody can own: their facts say so from now on."""
    rows = apps.get_model("catalog", "Blueprint").objects.filter(ownership__isnull=True)
    rows.filter(stale_since=None, entities__isnull=False).update(stale_since=timezone.now())


class Migration(migrations.Migration):

    dependencies = [("catalog", "0007_samples_by_anchor")]

    operations = [migrations.RunPython(work_out_again, migrations.RunPython.noop)]
