"""Count what was evaluated before there were counters."""

from collections import Counter, defaultdict
from datetime import UTC, datetime

from django.db import migrations
from django.db.models import Count


def count(apps, schema_editor):
    """Count the levels that are held; owners and rules follow when the next sweep evaluates."""
    levels = defaultdict(Counter)
    rows = apps.get_model("scorecards", "Evaluation").objects.filter(level__isnull=False)
    places = rows.order_by().values_list("scorecard_id", "entity__blueprint_id", "level_id")
    for scorecard, blueprint, level, total in places.annotate(total=Count("id")):
        levels[scorecard, blueprint][level] = total
    counters = apps.get_model("scorecards", "Counter").objects
    for (scorecard, blueprint), sums in levels.items():
        counters.create(scorecard_id=scorecard, blueprint_id=blueprint, levels=sums)
    apps.get_model("scorecards", "Fingerprint").objects.update(value=None)
    apps.get_model("scorecards", "Scorecard").objects.update(stale_since=datetime.now(UTC))


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0003_newest_rule")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
