"""Inferred relations: which entity another one came from, told by what both belong to. Pure.

Both sides make samples at what they point at: the entities that have the relation by when they
happened, those that it may lead to by when they did. So the latest one before a moment is found by
an index, however many there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalog.blueprints import BlueprintSpec, Inferred, Relation
from catalog.computed.paths import choices
from catalog.computed.series import Series
from catalog.conditions import check_properties
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.errors import Fault

MICROSECONDS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Inference:
    """The inferred relation `relation` of `blueprint`; `within` is in microseconds."""

    blueprint: str
    relation: str
    target: str
    prefer: str | None
    sources: Series
    targets: Series
    within: int

    @property
    def key(self) -> str:
        """Return the key of the relation in the facts."""
        return f"{RELATION_PREFIX}{self.relation}"

    @property
    def needs(self) -> set[tuple[str, str]]:
        """Return what the target depends on: ``(blueprint, key of the facts)``."""
        through = f"{RELATION_PREFIX}{self.sources.relation}"
        own = {(self.blueprint, key) for key in (*self.sources.reads, through)}
        if self.prefer is not None:
            own.add((self.blueprint, f"{RELATION_PREFIX}{self.prefer}"))
        return own | {(self.target, key) for key in (*self.targets.reads, through)}


def inference_of(spec: BlueprintSpec, relation: Relation, rule: Inferred) -> Inference:
    """Return the inference of a relation that `inference_faults` finds nothing wrong with."""
    return Inference(
        blueprint=spec.identifier,
        relation=relation.identifier,
        target=relation.target,
        prefer=rule.prefer,
        sources=_series(spec.identifier, rule.through, rule.at),
        targets=_series(relation.target, rule.through, rule.target_at, rule),
        within=round(rule.within_hours * MICROSECONDS_AN_HOUR),
    )


def _series(blueprint: str, through: str, at: str, rule: Inferred | None = None) -> Series:
    return Series(
        blueprint=blueprint,
        holder=blueprint,
        relation=through,
        is_of_event=True,
        query=rule.query if rule else None,
        value_key=None,
        at_key=None,
        window_key=at,
    )


def inference_faults(
    spec: BlueprintSpec, relation: Relation, rule: Inferred, specs: Mapping[str, BlueprintSpec]
) -> Iterator[Fault]:
    """Yield what an inferred relation names that is not there, by its place in `inferred`."""
    target = specs[relation.target]
    if rule.prefer is not None:
        yield from _relation_faults("prefer", rule.prefer, spec, target=relation.target)
    mine = spec.relations.get(rule.through)
    leads_to = mine.target if mine else None
    yield from _relation_faults("through", rule.through, spec, target=leads_to)
    if leads_to is not None:
        yield from _relation_faults("through", rule.through, target, target=leads_to)
    for place, key, owner in (("at", rule.at, spec), ("targetAt", rule.target_at, target)):
        if key not in owner.fact_keys or key.startswith(RELATION_PREFIX):
            message = f"blueprint '{owner.identifier}' has no property '{key}'"
            yield Fault(place, f"{message}{choices(key, owner.fact_keys)}")
    if rule.query is not None:
        written = spec.document["relations"][relation.identifier]["inferred"]["query"]
        for problem in check_properties(rule.query, target.fact_keys, written=written):
            yield Fault(problem.path, f"in blueprint '{target.identifier}', {problem.message}")


def _relation_faults(
    place: str, name: str, owner: BlueprintSpec, *, target: str | None
) -> Iterator[Fault]:
    """Yield why this relation cannot serve: it has to be written, to one, and lead to `target`."""
    usable = {
        key: item
        for key, item in owner.relations.items()
        if not item.is_many and item.inferred is None and target in (None, item.target)
    }
    if name in usable:
        return
    problem = f"blueprint '{owner.identifier}' has no relation '{name}'"
    if found := owner.relations.get(name):
        problem = f"the relation '{name}' of '{owner.identifier}' "
        if found.inferred is not None:
            problem += "is inferred itself"
        elif found.is_many:
            problem += "leads to many"
        else:
            problem += f"leads to '{found.target}', not to '{target}'"
    yield Fault(place, f"{problem}{choices(name, usable)}")
