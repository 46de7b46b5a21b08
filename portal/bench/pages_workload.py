"""The workload of the pages benchmark: services of teams and systems, graded, with a dashboard.

Blueprints, teams, people and scorecards are made by the product's own operations, the pack `dora`
with its board among them. Services are inserted as plain rows that hold what those operations would
have left; what their metrics rest on, the events, is not there, so that these are drawn as well.
Everything is drawn from a seed: two runs measure the same.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection

from catalog import registry
from catalog.facts import timestamp
from catalog.models import TEAM, USER, Blueprint, Entity
from catalog.operations import EntityDraft, save_blueprints, upsert_entities
from portal.bench.dora_events import Event
from portal.bench.dora_workload import CRITICALITIES, follow_ids, insert_drawn
from portal.permissions import SYSTEM
from scorecards.operations import install_pack, save_scorecard
from scorecards.operations.evaluating import evaluate_blueprint

TEAMS = 50
PEOPLE = 3
SYSTEMS = 200
STEP = 5_000
BLUEPRINT = "service"
SYSTEM_BLUEPRINT = "system"
LANGUAGES = ("Go", "Java", "Kotlin", "Python", "Rust", "TypeScript")
LIFECYCLES = ("experimental", "production", "deprecated")
WORDS = ("Cart", "Ledger", "Search", "Mail", "Invoice", "Stock", "Login", "Feed", "Rate", "Audit")
NOUNS = ("service", "worker", "gateway", "api", "store", "proxy", "job", "bridge")
TAGS = ("web", "batch", "api", "data", "legacy", "public")
TIERS = ("Elite", "High", "Medium", "Low")
LEVELS = ("Bronze", "Bronze", "Bronze", "Silver", "Silver", "Silver", "Gold", "Gold")
Advance = Callable[[int], object]


def prepare(*, now: datetime) -> None:
    """Make everything but the services."""
    install_pack(name="dora", by=SYSTEM, now=now)
    save_blueprints(definitions=list(_blueprints()), by=SYSTEM, now=now)
    for number, title in enumerate(("Readiness", "Operations")):
        save_scorecard(definition=_scorecard(number, title), by=SYSTEM, now=now)
    teams = [
        EntityDraft(identifier=_team(number), title=f"Team {number}", properties={"type": "team"})
        for number in range(TEAMS)
    ]
    people = [
        EntityDraft(
            identifier=f"person-{number}@example.com",
            title=f"Person {number}",
            team=_team(number % TEAMS),
        )
        for number in range(TEAMS * PEOPLE)
    ]
    systems = [EntityDraft(identifier=_system(number)) for number in range(SYSTEMS)]
    for name, drafts in ((TEAM, teams), (USER, people), (SYSTEM_BLUEPRINT, systems)):
        blueprint = Blueprint.objects.get(identifier=name)
        upsert_entities(blueprint=blueprint, drafts=drafts, by=SYSTEM, now=now)


def _blueprints() -> Iterator[dict[str, Any]]:
    """Yield the documents of systems, and of the pack's services with what they have besides."""
    yield {"identifier": SYSTEM_BLUEPRINT, "title": "System", "schema": {"properties": {}}}
    document = registry.document_of(Blueprint.objects.get(identifier=BLUEPRINT))
    properties = {
        "language": {"type": "string", "title": "Language", "enum": list(LANGUAGES)},
        "lifecycle": {"type": "string", "title": "Lifecycle", "enum": list(LIFECYCLES)},
        "reviewed_at": {"type": "string", "format": "date-time", "title": "Reviewed at"},
        "born_at": {"type": "string", "format": "date-time", "title": "Born at"},
        "tags": {"type": "array", "title": "Tags"},
        "aliases": {"type": "array", "title": "Aliases"},
    }
    properties |= {
        f"{kind}_{number}": {"type": kind, "title": f"{kind.title()} {number}"}
        for kind, count in (("number", 8), ("string", 4), ("boolean", 4))
        for number in range(count)
    }
    document["schema"] = {
        "properties": {**document["schema"]["properties"], **properties},
        "required": [],
    }
    document["relations"] = {
        SYSTEM_BLUEPRINT: {"title": "System", "target": SYSTEM_BLUEPRINT, "many": False},
        "depends_on": {"title": "Depends on", "target": BLUEPRINT, "many": True},
    }
    yield document


def _scorecard(number: int, title: str) -> dict[str, Any]:
    """Return a scorecard of eight rules about the properties that all services may have."""
    asked: list[tuple[str, str, Any]] = [
        ("language", "isNotEmpty", None),
        ("lifecycle", "!=", "deprecated"),
        (f"number_{number}", ">=", 20),
        (f"number_{number + 2}", "<=", 70),
        (f"boolean_{number}", "=", True),
        ("reviewed_at", "isNotEmpty", None),
        (f"number_{number + 4}", ">=", 40),
        ("tags", "contains", "api"),
    ]
    return {
        "identifier": title.lower(),
        "title": title,
        "blueprints": [BLUEPRINT],
        "rules": [
            {
                "identifier": f"rule_{place}",
                "title": f"{title} rule {place}",
                "level": level,
                "query": {"combinator": "and", "conditions": [_leaf(*parts)]},
            }
            for place, (level, parts) in enumerate(zip(LEVELS, asked, strict=True))
        ],
    }


def _leaf(name: str, operator: str, value: Any) -> dict[str, Any]:
    leaf = {"property": name, "operator": operator}
    return leaf if value is None else {**leaf, "value": value}


def _team(number: int) -> str:
    return f"team-{number}"


def _system(number: int) -> str:
    return f"system-{number}"


def analyze() -> None:
    """Do as a database in use has long done by itself: without it, plans are guesses."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


class Services:
    """The services, which become more from one size to the next."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.count = 0
        self._random = Random(7)  # noqa: S311 - the same services every time
        names = (TEAM, SYSTEM_BLUEPRINT, BLUEPRINT)
        self._ids: dict[str, dict[str, int]] = {name: dict(_ids(name)) for name in names}

    def grow(self, count: int, *, advance: Advance) -> None:
        """Insert the services that are missing to this number, and have all of them graded.

        `advance` is called with the number of services that each step inserted.
        """
        for start in range(self.count, count, STEP):
            numbers = range(start, min(start + STEP, count))
            insert_drawn(BLUEPRINT, numbers, lambda number, id_: self._draw(number, id_))
            advance(len(numbers))
        self.count = count
        follow_ids()
        evaluate_blueprint(blueprint=BLUEPRINT, now=self.now)
        evaluate_blueprint(blueprint=TEAM, now=self.now)
        analyze()

    def _draw(self, number: int, id_: int) -> Event:
        random = self._random
        identifier = f"service-{number}"
        related = {"$team": [_team(random.randrange(TEAMS))]}
        related[SYSTEM_BLUEPRINT] = [_system(random.randrange(SYSTEMS))]
        if number:
            related["depends_on"] = [f"service-{random.randrange(number)}"]
        places = {"$team": TEAM, SYSTEM_BLUEPRINT: SYSTEM_BLUEPRINT, "depends_on": BLUEPRINT}
        self._ids[BLUEPRINT][identifier] = id_
        born = self.now - timedelta(days=random.randrange(1_000))
        return Event(
            identifier=identifier,
            title=f"{random.choice(WORDS)} {random.choice(NOUNS)} {number}",
            properties=self._properties(number),
            computed=self._computed(),
            team=related["$team"],
            created_at=born,
            updated_at=born,
            related=related,
            targets={key: self._ids[places[key]][names[0]] for key, names in related.items()},
        )

    def _properties(self, number: int) -> dict[str, Any]:
        """Return what was given of one service; about a tenth of it is missing."""
        random = self._random
        values: dict[str, Any] = {
            "description": f"What keeps {random.choice(WORDS).lower()} number {number} going",
            "url": f"https://git.example.com/services/{number}",
            "criticality": random.choice(CRITICALITIES),
            "language": random.choice(LANGUAGES),
            "lifecycle": random.choices(LIFECYCLES, (2, 7, 1))[0],
            "reviewed_at": self._past(400),
            "born_at": self._past(2_000),
            "tags": random.sample(TAGS, 3),
            "aliases": [f"s{number}", f"svc-{number}"],
        }
        values |= {f"number_{place}": random.randint(0, 100) for place in range(8)}
        values |= {f"string_{place}": random.choice(WORDS) for place in range(4)}
        values |= {f"boolean_{place}": random.random() < 0.7 for place in range(4)}
        return {key: value for key, value in values.items() if random.random() > 0.1}

    def _computed(self) -> dict[str, Any]:
        """Return metrics as the pack would have worked them out of events."""
        random = self._random
        tiers = ("deploy_freq_tier", "lead_time_tier", "cfr_tier", "mttr_tier")
        return {
            "deployment_frequency": round(random.expovariate(0.3), 2),
            "total_deployments": random.randrange(400),
            "lead_time_for_changes": round(random.expovariate(0.01), 1),
            "total_incidents": random.randrange(30),
            "mean_time_to_recovery": round(random.expovariate(0.002), 1),
            "change_failure_rate": round(random.uniform(0, 40), 1),
            **{tier: random.choice(TIERS) for tier in tiers},
        }

    def _past(self, days: int) -> str:
        return timestamp(self.now - timedelta(days=self._random.randrange(days)))


def _ids(blueprint: str) -> Sequence[tuple[str, int]]:
    return list(Entity.objects.of(blueprint).values_list("identifier", "id"))
