"""Samples lose their number: the key is the event, the series and the anchor.

No database can be told to do that to a table that is there, so the rows move to a new one.
"""

import django.db.models.deletion
from django.db import migrations, models

_COLUMNS = "entity_id, series_id, anchor_id, at, window_at, value"
_MOVE = f"""INSERT INTO {{to}} ({_COLUMNS})
SELECT {_COLUMNS} FROM {{origin}} ORDER BY entity_id, series_id, anchor_id"""


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0005_runs_of_changes"),
    ]

    operations = [
        migrations.RemoveIndex(model_name='sample', name='sample_of_anchor'),
        migrations.RenameModel(old_name='Sample', new_name='NumberedSample'),
        migrations.CreateModel(
            name='Sample',
            fields=[
                ('pk', models.CompositePrimaryKey('entity', 'series', 'anchor', blank=True, editable=False, primary_key=True, serialize=False)),
                ('at', models.BigIntegerField(null=True)),
                ('window_at', models.BigIntegerField(null=True)),
                ('value', models.FloatField(null=True)),
                ('anchor', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.entity')),
                ('entity', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='samples', to='catalog.entity')),
                ('series', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='samples', to='catalog.series')),
            ],
        ),
        migrations.RunSQL(
            _MOVE.format(to='catalog_sample', origin='catalog_numberedsample'),
            reverse_sql=_MOVE.format(to='catalog_numberedsample', origin='catalog_sample'),
        ),
        # Once the rows are there, an index is made in a fraction of the time.
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['series', 'anchor', 'window_at', 'at', 'value'], name='sample_of_anchor'),
        ),
        migrations.DeleteModel(name='NumberedSample'),
    ]
