"""The catalog under test: every kind of computed property, along every kind of way."""

from typing import Any

from tests.unit.oracle.definitions import (
    Model,
    aggregation,
    back,
    calculation,
    leaf,
    out,
    relation,
    where,
)
from tests.unit.oracle.plain_catalog import Seen
from tests.unit.oracle.plain_values import is_number
from tests.unit.oracle.pools import MOMENTS, NAMES, NUMBERS, ODD, VALUES, WORDS

FUNCTIONS = ("sum", "min", "max", "median", "p50", "p75", "p90", "p95")
INTERVALS = ("hour", "day", "week", "month", "total")
RECENT = where(leaf("merged", "between", {"preset": "lastMonth"}))
TODAY = where(leaf("at", "=", {"preset": "today"}))
TWICE_RECENT = where(
    leaf("at", "between", {"preset": "lastMonth"}), leaf("at", "between", {"preset": "lastWeek"})
)
EITHER_RECENT = where(
    leaf("at", "between", {"preset": "lastMonth"}),
    leaf("ready", "between", {"preset": "lastWeek"}),
    combinator="or",
)
FAILED = where(leaf("ok", "=", False), leaf("env", "=", "Go"), combinator="or")

# Every function and interval over the events of services; what is drawn comes on top.
SERVICE_AGGREGATIONS: dict[str, Any] = {
    "deploys": aggregation("deployment", "count"),
    "failures": aggregation("deployment", "count", query=FAILED),
    "lead": aggregation("pull_request", "average", "hours", averageOf="total", query=RECENT),
    "lead_p90": aggregation("pull_request", "p90", "hours", query=RECENT),
    "mirrored": aggregation("deployment", "sum", "hours"),
    "today": aggregation("deployment", "count", query=TODAY),
    "twice_recent": aggregation("deployment", "count", query=TWICE_RECENT),
    "either_p75": aggregation("deployment", "p75", "minutes", query=EITHER_RECENT),
    **{f"minutes_{func}": aggregation("deployment", func, "minutes") for func in FUNCTIONS},
    **{
        f"rate_{interval}": aggregation(
            "deployment", "average", averageOf=interval, measureTimeBy="at"
        )
        for interval in INTERVALS
    },
    **{
        f"minutes_{interval}": aggregation(
            "deployment", "average", "minutes", averageOf=interval, measureTimeBy="at"
        )
        for interval in INTERVALS
    },
    "rate_by_default": aggregation("deployment", "average", averageOf="day"),
}
TEAM_AGGREGATIONS: dict[str, Any] = {
    "services": aggregation("service", "count"),
    "deploys": aggregation("deployment", "count"),
    "incidents": aggregation(
        "incident", "count", way=back("incident", "cause", "change", "service", "$team")
    ),
    "sum_of_counts": aggregation("service", "sum", "deploys"),
    "best": aggregation("service", "max", "better"),
    "worst_rate": aggregation("service", "p95", "rate"),
    "late": aggregation("deployment", "count", query=where(leaf("late", "=", True))),
    "of_a": aggregation("deployment", "count", query=where(leaf("#service", "=", "a"))),
    "waiting": aggregation("deployment", "average", "hours", averageOf="week"),
    "restore": aggregation(
        "incident", "median", "minutes", way=back("incident", "services", "$team")
    ),
}


def _numbers(seen: Seen) -> int:
    hidden = {"numbers", "more_numbers"}
    keys = {*seen.document["schema"]["properties"], *seen.computed} - hidden
    return sum(is_number(seen.read(key)) for key in keys)


def _rate(seen: Seen, of: str, by: str) -> float | None:
    return seen.read(of) / seen.read(by) if seen.read(by) else None


def _given(value: Any) -> Any:
    return value if is_number(value) else 0


def _age(seen: Seen) -> int:
    # Whole seconds: that is what the program reads of a date.
    created = seen.thing.created.replace(microsecond=0)
    return int((seen.catalog.now - created).total_seconds() // 86_400)


SERVICE_CALCULATIONS = {
    "score": (
        calculation(
            "(.properties.deploys // 0) * 10"
            " + (.properties.tier | if type == 'number' then . else 0 end)"
        ),
        lambda seen: seen.read("deploys") * 10 + _given(seen.read("tier")),
    ),
    "better": (
        calculation(".properties.score + .properties.rate_week"),
        lambda seen: seen.read("score") + seen.read("rate_week"),
    ),
    "rate": (
        calculation(
            "if (.properties.deploys // 0) == 0 then null"
            " else .properties.failures / .properties.deploys end"
        ),
        lambda seen: _rate(seen, "failures", "deploys"),
    ),
    "lower": (
        calculation(".properties.language | ascii_downcase", "string"),
        lambda seen: seen.read("language").lower(),
    ),
    "owners": (
        calculation("(.team | length) + (.relations.depends | length)"),
        lambda seen: len(seen.read("$team")) + len(seen.read("relation#depends")),
    ),
    "age": (
        calculation("(now - (.createdAt[0:19] + 'Z' | fromdateiso8601)) / 86400 | floor"),
        _age,
    ),
    "numbers": (calculation("[.properties[] | numbers] | length"), _numbers),
    "more_numbers": (
        calculation(".properties.numbers * 2"),
        lambda seen: seen.read("numbers") * 2,
    ),
}
DEPLOYMENT_CALCULATIONS = {
    "late": (
        calculation("(.properties.siblings // 0) > 2", "boolean"),
        lambda seen: (seen.read("siblings") or 0) > 2,
    ),
    "place": (
        calculation("[.relations.service, .title] | map(. // '-') | join('/')", "string"),
        lambda seen: f"{seen.read('relation#service') or '-'}/{seen.read('$title')}",
    ),
}
TEAM_CALCULATIONS = {
    "per_service": (
        calculation(
            "if (.properties.services // 0) == 0 then null"
            " else .properties.deploys / .properties.services end"
        ),
        lambda seen: _rate(seen, "deploys", "services"),
    )
}
CALCULATIONS = {
    "service": SERVICE_CALCULATIONS,
    "deployment": DEPLOYMENT_CALCULATIONS,
    "_team": TEAM_CALCULATIONS,
}
MIRRORS = {
    "_team": {"parent_title": "parent.$title", "parent_weight": "parent.weight"},
    "service": {
        "up": "parent.tier",
        "upup": "parent.parent.language",
        "needs": "depends.$title",
        "needs_of_needs": "depends.needs",
        "weights": "$team.weight",
        "team_parents": "$team.parent.$title",
        "parents_team": "parent.$team",
    },
    "pull_request": {"language": "service.language"},
    "deployment": {
        "hours": "change.hours",
        "language": "service.language",
        "siblings": "service.deploys",
        "owners": "service.$team.$title",
        "grade": "service.better",
        "since": "service.$createdAt",
        "touched": "service.$updatedAt",
    },
    "incident": {
        "tiers": "services.tier",
        "hours": "cause.change.hours",
        "language": "cause.change.service.language",
        "owners_weights": "$team.weight",
    },
    "alert": {"rates": "about.services.rate"},
}
OWNERSHIP = {
    "_team": None,
    "service": {"type": "Direct"},
    "pull_request": {"type": "Inherited", "path": "service"},
    "deployment": {"type": "Inherited", "path": "service"},
    "incident": {"type": "Inherited", "path": "cause"},
    "alert": {"type": "Direct"},
}
RELATIONS = {
    "_team": {"parent": relation("_team")},
    "service": {"parent": relation("service"), "depends": relation("service", many=True)},
    "pull_request": {"service": relation("service")},
    "deployment": {"service": relation("service"), "change": relation("pull_request")},
    "incident": {"services": relation("service", many=True), "cause": relation("deployment")},
    "alert": {
        "source": relation("service", required=True),
        "about": relation("incident", many=True),
    },
}
AGGREGATIONS = {"service": SERVICE_AGGREGATIONS, "_team": TEAM_AGGREGATIONS}


def _document(identifier: str, extra: dict[str, Any]) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "title": identifier,
        "schema": {"properties": _properties(identifier), "required": []},
        "relations": {**RELATIONS[identifier]},
        "ownership": OWNERSHIP[identifier],
        "mirror_properties": {key: {"path": path} for key, path in MIRRORS[identifier].items()},
        "aggregation_properties": {**AGGREGATIONS.get(identifier, {}), **extra},
        "calculation_properties": {
            key: definition for key, (definition, _) in CALCULATIONS.get(identifier, {}).items()
        },
    }


def _properties(identifier: str) -> dict[str, Any]:
    types = {id(NUMBERS): "number", id(MOMENTS): "string", id(WORDS): "string"}
    return {
        name: {"type": types.get(id(values), "boolean")}
        for name, values in VALUES[identifier].items()
    }


def _alsos(target: str) -> dict[str, Any]:
    named = where(leaf("$identifier", "!=", "a"))
    return {
        "alsos": aggregation(target, "count", way=out("also")),
        "alsos_but_a": aggregation(target, "count", query=named, way=out("also")),
    }


def every_kind(
    extra: dict[str, dict[str, Any]],
    *,
    heir_of: str = "cause",
    also: str = "deployment",
    has_many: bool = False,
) -> Model:
    """Return the model, with aggregations on top: blueprint -> identifier -> definition.

    Incidents inherit their owners along `heir_of`, deployments also point at the blueprint `also`,
    and with `has_many` pull requests are for several services.
    """
    extra = {**extra, "deployment": {**extra.get("deployment", {}), **_alsos(also)}}
    documents = {name: _document(name, extra.get(name, {})) for name in VALUES}
    documents["incident"]["ownership"] = {"type": "Inherited", "path": heir_of}
    documents["deployment"]["relations"] |= {"also": relation(also, many=True)}
    documents["pull_request"]["relations"] = {"service": relation("service", many=has_many)}
    return Model(
        documents=documents,
        programs={
            (blueprint, key): program
            for blueprint, items in CALCULATIONS.items()
            for key, (_, program) in items.items()
        },
        values=VALUES,
        odd=ODD,
        names=NAMES,
    )
