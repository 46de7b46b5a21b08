"""The workload of the evaluation benchmark: entities of 25 mixed properties, scorecards of 5 rules.

Everything is drawn from a seed, so that two runs measure the same.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from catalog import registry
from catalog.facts import build, timestamp
from catalog.models import Blueprint, Entity
from catalog.operations import save_blueprint
from portal.permissions import SYSTEM
from scorecards.models import Scorecard
from scorecards.operations import save_scorecard

BLUEPRINT = "bench_service"
RULES_EACH = 5
BATCH = 2_000
LANGUAGES = ("Python", "Go", "Java", "Rust", "TypeScript", "Kotlin")
TAGS = ("web", "batch", "api", "data", "legacy", "public")

Condition = dict[str, Any]


def make_blueprint(now: datetime) -> Blueprint:
    """Save the blueprint of the workload."""
    kinds = {"number": 8, "string": 8, "boolean": 5, "array": 2}
    properties: dict[str, Any] = {
        f"{kind}_{index}": {"type": kind} for kind, count in kinds.items() for index in range(count)
    }
    properties |= {f"date_{index}": {"type": "string", "format": "date-time"} for index in (0, 1)}
    document = {
        "identifier": BLUEPRINT,
        "title": "Service",
        "schema": {"properties": properties, "required": []},
    }
    return save_blueprint(definition=document, by=SYSTEM, now=now)


def make_entities(blueprint: Blueprint, *, count: int, now: datetime) -> Iterator[int]:
    """Insert entities with their facts, a batch at a time; yield the size of each batch."""
    random = Random(7)  # noqa: S311 - the same facts every time
    spec = registry.graph().specs[BLUEPRINT]
    for start in range(0, count, BATCH):
        rows = [
            Entity(
                blueprint=blueprint,
                identifier=f"service-{number}",
                title=f"Service {number}",
                properties=_properties(random, now),
                created_at=now,
                updated_at=now,
            )
            for number in range(start, min(start + BATCH, count))
        ]
        for row in rows:
            row.facts = build(row, spec=spec, related={})
        Entity.objects.bulk_create(rows)
        yield len(rows)


def _properties(random: Random, now: datetime) -> dict[str, Any]:
    """Return the properties of one entity; about a tenth of them are missing."""
    values: dict[str, Any] = {f"number_{index}": random.randint(0, 100) for index in range(8)}
    values |= {f"string_{index}": random.choice(LANGUAGES) for index in range(8)}
    values |= {f"boolean_{index}": random.random() < 0.7 for index in range(5)}
    values |= {f"array_{index}": random.sample(TAGS, 3) for index in range(2)}
    values |= {
        f"date_{index}": timestamp(now - timedelta(days=random.randint(0, 400)))
        for index in range(2)
    }
    return {key: value for key, value in values.items() if random.random() > 0.1}


def make_scorecards(*, count: int, now: datetime) -> list[Scorecard]:
    """Save scorecards of five rules each over the workload's properties."""
    conditions = rule_conditions(count * RULES_EACH)
    return [
        save_scorecard(
            definition=scorecard_document(
                number, conditions[number * RULES_EACH : (number + 1) * RULES_EACH]
            ),
            by=SYSTEM,
            now=now,
        )
        for number in range(count)
    ]


def scorecard_document(number: int, conditions: list[list[Condition]]) -> dict[str, Any]:
    """Return the document of one scorecard."""
    levels = ("Bronze", "Bronze", "Silver", "Silver", "Gold")
    return {
        "identifier": f"bench_{number}",
        "title": f"Bench {number}",
        "blueprints": [BLUEPRINT],
        "rules": [
            {
                "identifier": f"rule_{index}",
                "title": f"Rule {index}",
                "level": level,
                "query": {"combinator": "and", "conditions": both},
            }
            for index, (level, both) in enumerate(zip(levels, conditions, strict=True))
        ],
    }


def rule_conditions(count: int) -> list[list[Condition]]:
    """Return the conditions of `count` rules: one or two each, of every common operator."""
    random = Random(11)  # noqa: S311 - the same rules every time
    return [
        [_condition(random) for _ in range(1 if random.random() < 0.8 else 2)] for _ in range(count)
    ]


def _condition(random: Random) -> Condition:
    kind = random.choice(("compare", "compare", "equal", "empty", "boolean", "contains"))
    match kind:
        case "compare":
            operator = random.choice((">=", "<=", ">", "<"))
            return _leaf(f"number_{random.randrange(8)}", operator, random.randint(5, 95))
        case "equal":
            operator = random.choice(("=", "!="))
            return _leaf(f"string_{random.randrange(8)}", operator, random.choice(LANGUAGES))
        case "boolean":
            return _leaf(f"boolean_{random.randrange(5)}", "=", True)
        case "contains":
            return _leaf(f"array_{random.randrange(2)}", "contains", random.choice(TAGS))
        case _:
            return {"property": f"string_{random.randrange(8)}", "operator": "isNotEmpty"}


def _leaf(name: str, operator: str, value: Any) -> Condition:
    return {"property": name, "operator": operator, "value": value}
