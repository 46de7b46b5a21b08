"""The key of samples begins with series and anchor, and only those with a window have an index more.

No database can be told to do that to a table that is there, so the rows move to a new one. Those
of windowed series that have no date there are read by nothing, as are the totals of such series:
they go.
"""

import django.db.models.deletion
from django.db import migrations, models

_COLUMNS = "series_id, anchor_id, entity_id, at, window_at, value"
_WINDOWED = "SELECT series_id FROM catalog_sampleofevent WHERE window_at IS NOT NULL"
_MOVE = f"""INSERT INTO catalog_sample ({_COLUMNS})
SELECT {_COLUMNS} FROM catalog_sampleofevent
WHERE window_at IS NOT NULL OR series_id NOT IN ({_WINDOWED})
ORDER BY series_id, anchor_id, entity_id"""
_MOVE_BACK = f"""INSERT INTO catalog_sampleofevent ({_COLUMNS})
SELECT {_COLUMNS} FROM catalog_sample ORDER BY entity_id, series_id, anchor_id"""
_FORGET = f"DELETE FROM catalog_total WHERE series_id IN ({_WINDOWED})"


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0006_samples_without_numbers"),
    ]

    operations = [
        migrations.RemoveIndex(model_name='sample', name='sample_of_anchor'),
        migrations.RenameModel(old_name='Sample', new_name='SampleOfEvent'),
        migrations.CreateModel(
            name='Sample',
            fields=[
                ('pk', models.CompositePrimaryKey('series', 'anchor', 'entity', blank=True, editable=False, primary_key=True, serialize=False)),
                ('at', models.BigIntegerField(null=True)),
                ('window_at', models.BigIntegerField(null=True)),
                ('value', models.FloatField(null=True)),
                ('anchor', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.entity')),
                ('entity', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.entity')),
                ('series', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='samples', to='catalog.series')),
            ],
        ),
        migrations.RunSQL(_MOVE, reverse_sql=_MOVE_BACK),
        migrations.RunSQL(_FORGET, reverse_sql=migrations.RunSQL.noop),
        # Once the rows are there, an index is made in a fraction of the time.
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(condition=models.Q(window_at__isnull=False), fields=['series', 'anchor', 'window_at', 'at', 'value'], name='sample_in_window'),
        ),
        migrations.DeleteModel(name='SampleOfEvent'),
    ]
