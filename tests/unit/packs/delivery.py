"""A service of a team with the pack `dora`, what happened to it, and how it is graded."""

from scorecards.models import Evaluation
from scorecards.operations import install_pack
from tests.builders import NOW, TESTER, make_entity

# The settings of the pack where none is given.
DEFAULTS = {
    "definitions": "four_keys",
    "thresholds": None,
    "minimum": 5,
    "attribution_hours": 24,
    "measures": True,
}
KEYS = ("dora_deploy_freq", "dora_lead_time", "dora_cfr", "dora_mttr")


def install(*, now=NOW, **settings):
    return install_pack(name="dora", by=TESTER, now=now, settings=settings)


def deploy(count, **service):
    """Make the service web, and as many deployments of it, one a day up to the day before NOW."""
    make_entity("web", **service)
    for number in range(count):
        properties = {
            "status": "success",
            "environment": "production",
            "deployed_at": f"2026-05-{31 - number}T12:00:00Z",
        }
        make_entity(
            f"web-{number}",
            blueprint="deployment",
            properties=properties,
            relations={"service": "web"},
        )


def fail(count):
    """Make as many incidents of half an hour, each caused by a deployment of its own."""
    for number in range(count):
        make_entity(
            f"incident-{number}",
            blueprint="incident",
            properties={
                "opened_at": f"2026-05-{31 - number}T13:00:00Z",
                "resolved_at": f"2026-05-{31 - number}T13:30:00Z",
            },
            relations={"service": "web", "caused_by": f"web-{number}"},
        )


def level_of(scorecard, entity="web"):
    row = Evaluation.objects.filter(
        scorecard__identifier=scorecard, entity__identifier=entity
    ).first()
    return row.level.title if row else None


def levels_of(entity="web", prefix=""):
    return [level_of(f"{prefix}{key}", entity) for key in KEYS]
