"""Remember the packs that were installed before there were rows for them."""

import re

from django.db import migrations

# A scorecard that only the pack brings.
SIGNS = {"dora": "dora_deploy_freq", "basics": "basics"}
YEARS = {2018, 2019, 2021, 2022, 2023, 2024}


def recognise(apps, schema_editor):
    """Make a row for each pack whose scorecard is there, with the settings that can be seen."""
    Scorecard = apps.get_model("scorecards", "Scorecard")
    packs = apps.get_model("scorecards", "InstalledPack").objects
    for name, sign in SIGNS.items():
        found = Scorecard.objects.filter(identifier=sign).first()
        if found is not None:
            packs.create(
                name=name,
                settings=settings_of_dora(apps) if name == "dora" else {},
                installed_at=found.created_at,
                updated_at=found.updated_at,
            )


def settings_of_dora(apps):
    """Return the defaults, with the year of the official scorecards, and whether measures exist."""
    year = year_of(apps.get_model("scorecards", "Scorecard").objects)
    service = apps.get_model("catalog", "Blueprint").objects.filter(identifier="service").first()
    calculations = service.calculation_properties if service else {}
    return {
        "definitions": "four_keys",
        "thresholds": year,
        "minimum": 5,
        "attribution_hours": 24,
        "measures": year is not None or "dora_lead_time" in calculations,
    }


def year_of(scorecards):
    """Return the year that the official scorecards name in their titles, or None."""
    titles = scorecards.filter(identifier__startswith="dora_official_").order_by("id")
    for title in titles.values_list("title", flat=True):
        match = re.match(r"DORA (\d{4}): ", title)
        if match and int(match[1]) in YEARS:
            return int(match[1])
    return None


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0006_installed_packs")]
    operations = [migrations.RunPython(recognise, migrations.RunPython.noop)]
