"""Aggregations drawn at random: any function, interval, query and way."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.oracle.definitions import aggregation, back, leaf, out, where
from tests.unit.oracle.every_kind import FUNCTIONS, INTERVALS

# owner -> target -> ways; None is the shortest one.
WAYS: dict[str, dict[str, list[dict[str, Any] | None]]] = {
    "_team": {
        "service": [None, back("service", "$team"), back("service", "parent", "$team")],
        "deployment": [
            None,
            back("deployment", "$team"),
            back("deployment", "change", "$team"),
        ],
        "pull_request": [None, back("pull_request", "service", "parent", "$team")],
        "incident": [
            back("incident", "$team"),
            back("incident", "services", "$team"),
            back("incident", "cause", "change", "service", "$team"),
        ],
        "alert": [None, back("alert", "$team"), back("alert", "about", "services", "$team")],
        "_team": [out("parent"), back("_team", "parent"), back("_team", "parent", "parent")],
    },
    "service": {
        "deployment": [None, back("deployment", "change", "service")],
        "pull_request": [None, back("pull_request", "service", "parent")],
        "incident": [
            None,
            back("incident", "services"),
            back("incident", "services", "depends"),
            back("incident", "cause", "change", "service"),
        ],
        "alert": [None, back("alert", "about", "services")],
        "service": [
            out("parent"),
            out("depends", "depends"),
            out("parent", "depends"),
            back("service", "parent"),
            back("service", "depends", "parent"),
        ],
        "_team": [None, out("parent", "$team"), out("$team", "parent")],
    },
    "pull_request": {
        "alert": [None],
        "deployment": [back("deployment", "change")],
        "_team": [out("$team")],
    },
    "deployment": {
        "incident": [None],
        "_team": [None, out("$team"), out("service", "$team", "parent")],
    },
    "incident": {
        "service": [None, out("cause", "service"), out("services", "depends")],
        "deployment": [None],
        "_team": [out("$team"), out("services", "$team")],
    },
    "alert": {"pull_request": [None], "incident": [None], "service": [out("about", "services")]},
}
# What drawn aggregations read: nothing that is drawn, so that no value can need itself.
NUMERIC = {
    "_team": ["weight", "parent_weight"],
    "service": ["tier", "up", "language"],
    "pull_request": ["hours"],
    "deployment": ["minutes", "hours"],
    "incident": ["minutes", "hours", "tiers"],
    "alert": ["level"],
}
DATED = {
    "_team": [],
    "service": [],
    "pull_request": ["merged"],
    "deployment": ["at", "ready"],
    "incident": ["at", "ended"],
    "alert": ["at"],
}
WORDED = {
    "_team": ["parent_title", "$identifier", "#parent"],
    "service": ["language", "#parent", "upup", "$title"],
    "pull_request": ["language", "#service"],
    "deployment": ["env", "language", "#service", "#change", "$title"],
    "incident": ["language", "#cause"],
    "alert": ["#source"],
}
LISTED = {
    "_team": [],
    "service": ["#depends", "$team", "needs"],
    "pull_request": ["$team"],
    "deployment": ["$team", "owners"],
    "incident": ["#services", "$team"],
    "alert": ["#about", "$team"],
}
PRESETS = (
    "lastDay",
    "lastWeek",
    "lastMonth",
    "last3Months",
    "previousWeek",
    "nextWeek",
    "today",
    "yesterday",
)
EDGES = ["2026-05-25T12:00:00Z", "2026-05-02", "2026-06-01T12:00:00.000001", "1970-01-01"]
NAMES = ["a", "b", "Go", "zz"]
LINE = ["<", "<=", ">", ">="]
ITEMS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2)


def conditions(target: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return conditions that entities of a blueprint may be held to."""
    moments = st.sampled_from([*DATED[target], "$createdAt", "$updatedAt"])
    numbers, words = st.sampled_from(NUMERIC[target]), st.sampled_from(WORDED[target])
    spans = st.sampled_from(PRESETS).map(lambda name: {"preset": name}) | st.just(
        {"from": "2026-05-02", "to": "2026-06-01T12:00:00Z"}
    )
    lists = st.sampled_from(LISTED[target]) if LISTED[target] else words
    return st.one_of(
        st.builds(leaf, moments, st.sampled_from(["between", "between", "notBetween"]), spans),
        st.builds(leaf, moments, st.sampled_from(LINE), st.sampled_from(EDGES)),
        st.builds(leaf, moments, st.sampled_from(LINE), moments.map(lambda key: {"property": key})),
        st.builds(leaf, numbers, st.sampled_from([*LINE, "=", "!="]), st.sampled_from([1, 2.5])),
        st.builds(leaf, numbers, st.just("between"), st.just({"from": 1, "to": 40})),
        st.builds(leaf, words, st.sampled_from(["=", "!=", "contains"]), st.sampled_from(NAMES)),
        st.builds(leaf, words, st.sampled_from(["in", "notIn"]), ITEMS),
        st.builds(leaf, words | numbers | lists, st.sampled_from(["isEmpty", "isNotEmpty"])),
        st.builds(
            leaf, lists, st.sampled_from(["contains", "doesNotContains"]), st.sampled_from(NAMES)
        ),
        st.builds(leaf, lists, st.just("containsAny"), ITEMS),
        st.builds(leaf, lists, st.just("="), ITEMS),
    )


def queries(target: str) -> st.SearchStrategy[dict[str, Any] | None]:
    """Return queries: none, one window, groups in groups."""
    combinators = st.sampled_from(["and", "or"])
    leaves = conditions(target)

    def group(parts: Any) -> Any:
        return st.builds(
            lambda found, combinator: where(*found, combinator=combinator),
            st.lists(parts, min_size=1, max_size=3),
            combinators,
        )

    alone = leaves.map(where)
    return st.one_of(st.none(), alone, alone, group(leaves), group(leaves | group(leaves)))


@st.composite
def aggregations(draw: Any) -> tuple[str, dict[str, Any]]:
    """Return an owner and a definition."""
    owner = draw(st.sampled_from([*WAYS, "_team", "service"]))
    target = draw(st.sampled_from(list(WAYS[owner])))
    func = draw(st.sampled_from(["count", "average", "average", *FUNCTIONS]))
    by_property = func != "count" and (func != "average" or draw(st.booleans()))
    more: dict[str, Any] = {"way": draw(st.sampled_from(WAYS[owner][target]))}
    if func == "average":
        more["averageOf"] = draw(st.sampled_from(INTERVALS))
    if draw(st.booleans()):
        more["measureTimeBy"] = draw(st.sampled_from([*DATED[target], "$updatedAt"]))
    more["query"] = draw(queries(target))
    key = draw(st.sampled_from(NUMERIC[target])) if by_property else None
    return owner, aggregation(target, func, key, **more)


@st.composite
def extras(draw: Any, *, most: int = 8) -> dict[str, dict[str, Any]]:
    """Return aggregations on top: blueprint -> identifier -> definition."""
    found: dict[str, dict[str, Any]] = {}
    for index, (owner, definition) in enumerate(
        draw(st.lists(aggregations(), min_size=3, max_size=most))
    ):
        found.setdefault(owner, {})[f"drawn{index}"] = definition
    return found
