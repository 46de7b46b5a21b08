"""How a computed value comes about, in a sentence. Pure.

Paths are told by the titles of their relations, from the side on which that is natural: what points
at the owner is reached "by way of their Service", what the owner points at "by way of its Parent".
"""

from collections.abc import Mapping, Sequence

from catalog.blueprints import Aggregation, BlueprintSpec, Mirror
from catalog.computed.graph import OWNERSHIP, Derived, Step
from catalog.conditions import Query, describe, title_of
from catalog.conditions.nodes import Group, Leaf, Node
from portal.dashboards.formats import many

Specs = Mapping[str, BlueprintSpec]

_FUNCTIONS = {
    "sum": "The sum of",
    "average": "The average",
    "min": "The smallest",
    "max": "The largest",
    "median": "The median",
    "p50": "The median",
    "p75": "The 75th percentile of",
    "p90": "The 90th percentile of",
    "p95": "The 95th percentile of",
}


def formula_of(derived: Derived, *, owner: str, specs: Specs) -> str:
    """Return what a value is, given what its owner is called.

    Example: `The median Recovery (minutes) of the incidents of NetBox, by way of their Service,
    whose Resolved at is within the last 30 days.`
    """
    if isinstance(derived.source, Mirror):
        return _mirror(derived, derived.source, owner=owner, specs=specs)
    return _aggregation(derived, derived.source, owner=owner, specs=specs)


def nouns(title: str) -> str:
    """Return what many of a blueprint's entities are called inside a sentence.

    >>> nouns("Pull request"), nouns("API")
    ('pull requests', 'APIs')
    """
    words = [word if len(word) > 1 and word.isupper() else word.lower() for word in title.split()]
    return many(" ".join(words))


def titles_of(spec: BlueprintSpec) -> dict[str, str]:
    """Return what people call the facts of a blueprint; meta-properties go by their own words."""
    return {key: title for key, title in spec.fact_keys.items() if not key.startswith("$")}


def _mirror(derived: Derived, source: Mirror, *, owner: str, specs: Specs) -> str:
    key = title_of(source.key, titles_of(specs[derived.end]))
    way = [f"the {_title(step, specs)}" for step in reversed(derived.steps)]
    return f"{' of '.join([f'The {key}', *way, owner])}."


def _aggregation(derived: Derived, source: Aggregation, *, owner: str, specs: Specs) -> str:
    end = specs[derived.end]
    titles = titles_of(end)
    what = "How many"
    if source.property is not None:
        function = "sum" if source.is_per_interval else source.function
        what = f"{_FUNCTIONS[function]} {title_of(source.property, titles)} of the"
    which = f", by way of {_way(derived.steps, specs)}{_which(source.query, titles)}"
    if not source.is_per_interval:
        return f"{what} {nouns(end.title)} of {owner}{which}."
    first = title_of(source.measure_time_by, titles)
    return (
        f"{what} {nouns(end.title)} of {owner} per {source.interval}{which}, from the first one "
        f"(by {first}) until now; a started {source.interval} counts whole."
    )


def _way(steps: Sequence[Step], specs: Specs) -> str:
    if not any(step.is_forward for step in steps):
        return _chain(list(reversed(steps)), specs, first="their")
    if all(step.is_forward for step in steps):
        return _chain(steps, specs, first="its")
    return ", then ".join(_crossings(steps, specs))


def _chain(steps: Sequence[Step], specs: Specs, *, first: str) -> str:
    """Name the relations of a path, each as that of what was reached before."""
    named, whose = [], first
    for step in steps:
        named.append(f"{whose} {_title(step, specs)}")
        whose = _whose(step, specs)
    return _listed(named)


def _crossings(steps: Sequence[Step], specs: Specs) -> list[str]:
    """Name the steps of a path that goes both ways, one by one from the owner."""
    named, whose = [], "its"
    for step in steps:
        if step.is_forward:
            named.append(f"{whose} {_title(step, specs)}")
            whose = _whose(step, specs)
        else:
            them = "it is" if whose == "its" else "they are"
            of = nouns(specs[step.blueprint].title)
            named.append(f"the {of} whose {_title(step, specs)} {them}")
            whose = "their"
    return named


def _listed(parts: Sequence[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _title(step: Step, specs: Specs) -> str:
    spec = specs[step.blueprint]
    if step.relation == OWNERSHIP:
        return spec.ownership.title if spec.ownership else OWNERSHIP
    return spec.relations[step.relation].title


def _whose(step: Step, specs: Specs) -> str:
    relation = specs[step.blueprint].relations.get(step.relation)
    return "its" if relation is not None and not relation.is_many else "their"


def _which(query: Query | None, titles: Mapping[str, str]) -> str:
    """Say what a query asks for, a clause for each condition that must hold."""
    if query is None or not query.root.conditions:
        return ""
    root = query.root
    parts: Sequence[Node] = root.conditions
    if root.combinator == "or" and len(parts) > 1:
        parts = [root]
    return f", {' and '.join(_clause(part, titles) for part in parts)}"


def _clause(node: Node, titles: Mapping[str, str]) -> str:
    group = node if isinstance(node, Group) else Group("and", (node,))
    text = describe(Query(group), titles=titles)
    if isinstance(node, Leaf):
        return f"whose {text}"
    is_choice = group.combinator == "or" and len(group.conditions) > 1
    return f"for which {'either ' if is_choice else ''}{text}"
