"""Have every evaluation compared once: fingerprints were made otherwise before."""

from django.db import migrations
from django.utils import timezone


def doubt(apps, schema_editor):
    """Have the next sweep compare every evaluation.

    Fingerprints were made otherwise before, and some entities kept levels that they had lost.
    """
    apps.get_model("scorecards", "Fingerprint").objects.update(value=None)
    apps.get_model("scorecards", "Scorecard").objects.update(stale_since=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ("scorecards", "0008_rebuild"),
    ]

    operations = [
        migrations.RunPython(doubt, migrations.RunPython.noop),
    ]
