from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0010_permissions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="change",
            name="action",
            field=models.CharField(
                choices=[
                    ("created", "Created"),
                    ("updated", "Updated"),
                    ("deleted", "Deleted"),
                    ("refused", "Refused"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="change",
            name="address",
            field=models.CharField(blank=True, default="", max_length=45),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="change",
            name="request_id",
            field=models.CharField(blank=True, default="", max_length=128),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="change",
            name="called",
            field=models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="change",
            name="seal_number",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="change",
            name="digest",
            field=models.CharField(blank=True, default="", editable=False, max_length=80),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=Q(seal_number__isnull=True), fields=["id"], name="change_unsealed"
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.UniqueConstraint(fields=("seal_number",), name="change_sealed_once"),
        ),
        migrations.CreateModel(
            name="ChainEnd",
            fields=[
                (
                    "name",
                    models.CharField(
                        choices=[("start", "Start"), ("head", "Head")],
                        max_length=5,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("seal_number", models.BigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=80)),
                ("at", models.DateTimeField()),
                ("proof", models.CharField(max_length=80)),
            ],
        ),
    ]
