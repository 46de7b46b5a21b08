"""How blueprints hang together: who reads what, along which paths, and in which order. Pure.

Every derived value (mirror, inherited ownership, aggregation) is read at the end of a list of steps
(see `catalog.computed.paths`) that starts at its owner; walking the steps back from something that
changed finds the owners to refresh.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from catalog.blueprints import COMPUTED_SECTIONS, Aggregation, BlueprintSpec, Calculation, Mirror
from catalog.computed.inferences import Inference, inference_faults, inference_of
from catalog.computed.paths import OWNERSHIP, TEAM, NoPathError, Paths, Step, choices, no_ownership
from catalog.computed.series import Plan, Series, plan_of, shared
from catalog.conditions import check_properties, reads
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.errors import Fault, Invalid

__all__ = ["OWNERSHIP", "TEAM", "CatalogGraph", "Derived", "Step"]


@dataclass(frozen=True)
class Derived:
    """A value that an entity of `blueprint` reads at the end of `steps`."""

    blueprint: str
    key: str
    steps: tuple[Step, ...]
    end: str
    reads: frozenset[str]
    source: Mirror | Aggregation
    # How it is read off samples; None where every related entity has to be looked at.
    plan: Plan | None = field(default=None, compare=False)

    @property
    def is_list(self) -> bool:
        """Say whether several ends are possible."""
        return any(step.is_many or not step.is_forward for step in self.steps)


class CatalogGraph:
    """All blueprints together; raises `Invalid` when they do not fit each other."""

    def __init__(self, specs: Iterable[BlueprintSpec]) -> None:
        self.specs: dict[str, BlueprintSpec] = {spec.identifier: spec for spec in specs}
        self._paths = Paths(self.specs)
        self.derived: dict[str, dict[str, Derived]] = {}
        # Relations that nobody writes, by blueprint and identifier.
        self.inferences: dict[tuple[str, str], Inference] = {}
        # (blueprint, fact key) -> derived values that read it at their end.
        self.readers: dict[tuple[str, str], list[Derived]] = defaultdict(list)
        # (blueprint, relation) -> derived values whose steps cross it, with the position.
        self.crossings: dict[tuple[str, str], list[tuple[Derived, int]]] = defaultdict(list)
        # What is read off samples, by series; the others are in `readers`.
        self.planned: dict[Series, list[Derived]] = defaultdict(list)
        self._series_of: dict[str, set[Series]] = defaultdict(set)
        self._series_across: dict[tuple[str, str], set[Series]] = defaultdict(set)
        # The calculations that programs which may read everything do not see: those programs
        # themselves and what is calculated from them. Seeing its own value, one never settles.
        self.hidden: dict[str, frozenset[str]] = {
            spec.identifier: _hidden(spec) for spec in self.specs.values()
        }
        # Before anything else: paths lead through the targets of other blueprints too.
        faults = [fault for spec in self.specs.values() for fault in self._unknown_targets(spec)]
        if not faults:
            for spec in self.specs.values():
                self.derived[spec.identifier] = dict(self._derive(spec, faults))
                self.inferences |= dict(self._infer(spec, faults))
        self._share_series()
        if not faults:
            faults = list(self._cycles())
        if faults:
            raise Invalid(faults)
        for derived in self._all_derived():
            self._index(derived)
        for inference in self.inferences.values():
            self._index_series(inference.sources)
            self._index_series(inference.targets)
        # By blueprint: its calculations, those of each level after those that they read.
        self.calculation_levels: dict[str, list[list[str]]] = {
            spec.identifier: list(self._levels(spec)) for spec in self.specs.values()
        }

    def _levels(self, spec: BlueprintSpec) -> Iterator[list[str]]:
        sorter = TopologicalSorter(
            {
                key: self.reads_of(spec, item) & spec.calculations.keys()
                for key, item in spec.calculations.items()
            }
        )
        sorter.prepare()
        while sorter.is_active():
            level = sorted(sorter.get_ready())
            yield level
            sorter.done(*level)

    def reads_of(self, spec: BlueprintSpec, calculation: Calculation) -> frozenset[str]:
        """Return what a calculation may read of its entity, where that is worked out too."""
        if calculation.reads is not None:
            return calculation.reads
        inferred = {
            inference.key
            for (name, _), inference in self.inferences.items()
            if name == spec.identifier
        }
        return (spec.computed_keys | {OWNERSHIP} | inferred) - self.hidden[spec.identifier]

    def _derive(self, spec: BlueprintSpec, faults: list[Fault]) -> Iterator[tuple[str, Derived]]:
        for at, source in _sources(spec):
            try:
                yield source.identifier, self._resolve(spec, source)
            except Invalid as refused:
                faults.extend(fault.under(f"{spec.identifier}.{at}") for fault in refused.faults)

    def _infer(
        self, spec: BlueprintSpec, faults: list[Fault]
    ) -> Iterator[tuple[tuple[str, str], Inference]]:
        for key, relation in spec.relations.items():
            if relation.inferred is None:
                continue
            found = list(inference_faults(spec, relation, relation.inferred, self.specs))
            place = f"{spec.identifier}.relations.{key}.inferred"
            faults.extend(fault.under(place) for fault in found)
            if not found:
                inference = inference_of(spec, relation, relation.inferred)
                yield (spec.identifier, key), inference

    def _unknown_targets(self, spec: BlueprintSpec) -> Iterator[Fault]:
        named = [
            *((f"relations.{key}.target", item.target) for key, item in spec.relations.items()),
            *(
                (f"aggregation_properties.{key}.target", item.target)
                for key, item in spec.aggregations.items()
            ),
        ]
        for at, target in named:
            if target not in self.specs:
                yield Fault(
                    f"{spec.identifier}.{at}",
                    f"there is no blueprint '{target}'{choices(target, self.specs)}",
                    is_missing=True,
                )

    def _resolve(self, spec: BlueprintSpec, source: Mirror | Aggregation) -> Derived:
        try:
            steps = self._paths.steps_of(spec, source)
        except NoPathError as error:
            raise Invalid.at(_path_place(source), str(error)) from None
        end = self.specs[steps[-1].end]
        if faults := list(_end_faults(source, end, spec)):
            raise Invalid(faults)
        plan = None
        if isinstance(source, Aggregation):
            is_single = self._leads_to_one(steps[-1])
            plan = plan_of(source, steps, end=end.identifier, is_single=is_single)
        return Derived(
            blueprint=spec.identifier,
            key=source.identifier,
            steps=steps,
            end=end.identifier,
            reads=_reads(source),
            source=source,
            plan=plan,
        )

    def _all_derived(self) -> Iterator[Derived]:
        for by_key in self.derived.values():
            yield from by_key.values()

    def _share_series(self) -> None:
        """Have whoever can read the same samples do so."""
        plans = [derived.plan for derived in self._all_derived() if derived.plan]
        ends = [(item.sources, item.targets) for item in self.inferences.values()]
        series = shared([*(plan.series for plan in plans), *chain.from_iterable(ends)])
        self.inferences = {
            name: replace(item, sources=series[item.sources], targets=series[item.targets])
            for name, item in self.inferences.items()
        }
        for by_key in self.derived.values():
            for key, derived in by_key.items():
                if derived.plan:
                    plan = replace(derived.plan, series=series[derived.plan.series])
                    by_key[key] = replace(derived, plan=plan)

    def _leads_to_one(self, step: Step) -> bool:
        """Say whether, seen from the end of a step, its start is the only one."""
        relation = self.specs[step.blueprint].relations.get(step.relation)
        return not step.is_forward and relation is not None and not relation.is_many

    def series_of(self, blueprint: str) -> Collection[Series]:
        """Return the series whose samples are of events of a blueprint."""
        return self._series_of.get(blueprint, ())

    def series_across(self, blueprint: str, relation: str) -> Collection[Series]:
        """Return the series whose samples follow the rows of a relation of a blueprint."""
        return self._series_across.get((blueprint, relation), ())

    def _index(self, derived: Derived) -> None:
        steps = derived.steps
        if derived.plan is None:
            for key in derived.reads:
                self.readers[derived.end, key].append(derived)
        else:
            steps = derived.plan.far
            self._index_series(derived.plan.series)
            self.planned[derived.plan.series].append(derived)
        for position, step in enumerate(steps):
            self.crossings[step.blueprint, step.relation].append((derived, position))

    def _index_series(self, series: Series) -> None:
        # Also those that no aggregation reads are kept.
        self.planned.setdefault(series, [])
        self._series_of[series.blueprint].add(series)
        self._series_across[series.holder, series.relation].add(series)

    def _cycles(self) -> Iterator[Fault]:
        """Find values that would need themselves, through any number of others."""
        needs: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for derived in self._all_derived():
            needs[derived.blueprint, derived.key] = {
                *((derived.end, key) for key in derived.reads),
                *((step.blueprint, f"{RELATION_PREFIX}{step.relation}") for step in derived.steps),
            }
        for (name, _), inference in self.inferences.items():
            needs[name, inference.key] = inference.needs
        for spec in self.specs.values():
            for key, item in spec.calculations.items():
                needs[spec.identifier, key] = {
                    (spec.identifier, read) for read in self.reads_of(spec, item)
                }
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            cycle = " -> ".join(f"{blueprint}.{key}" for blueprint, key in error.args[1])
            blueprint, key = error.args[1][0]
            place = f"{blueprint}.{_place(self.specs[blueprint], key)}"
            yield Fault(place, f"the value would need itself: {cycle}")


def _hidden(spec: BlueprintSpec) -> frozenset[str]:
    hidden = {key for key, item in spec.calculations.items() if item.reads is None}
    while more := {
        key
        for key, item in spec.calculations.items()
        if key not in hidden and item.reads is not None and not hidden.isdisjoint(item.reads)
    }:
        hidden |= more
    return frozenset(hidden)


def _sources(spec: BlueprintSpec) -> Iterator[tuple[str, Mirror | Aggregation]]:
    """Yield what is read at the end of paths, with the place of each in the document."""
    sources: list[Mirror | Aggregation] = [*spec.mirrors.values(), *spec.aggregations.values()]
    if spec.ownership is not None and spec.ownership.is_inherited:
        sources.append(Mirror(OWNERSHIP, spec.ownership.path, OWNERSHIP))
    for source in sources:
        yield _place(spec, source.identifier), source


def _place(spec: BlueprintSpec, key: str) -> str:
    """Return where a blueprint document defines a derived value or a calculation."""
    if key == OWNERSHIP:
        return "ownership"
    if key.startswith(RELATION_PREFIX):
        return f"relations.{key.removeprefix(RELATION_PREFIX)}"
    section = next(name for name in COMPUTED_SECTIONS if key in spec.document[name])
    return f"{section}.{key}"


def _path_place(source: Mirror | Aggregation) -> str:
    """Return where in its definition the path of a derived value stands."""
    if isinstance(source, Mirror):
        return "path"
    return "" if source.path is None else "pathFilter[0].path"


def _end_faults(
    source: Mirror | Aggregation, end: BlueprintSpec, owner: BlueprintSpec
) -> Iterator[Fault]:
    """Yield what a definition reads of entities at the end of its path that they do not have."""
    if isinstance(source, Mirror):
        if source.key == OWNERSHIP and end.ownership is None:
            yield Fault("path", no_ownership(end))
        yield from _unknown_property("path", source.key, end)
        return
    if source.property is not None:
        yield from _unknown_property("calculationSpec.property", source.property, end)
    yield from _unknown_property("calculationSpec.measureTimeBy", source.measure_time_by, end)
    if source.query is not None:
        written = owner.document["aggregation_properties"][source.identifier]["query"]
        for problem in check_properties(source.query, end.fact_keys, written=written):
            yield Fault(problem.path, f"in blueprint '{end.identifier}', {problem.message}")


def _unknown_property(place: str, key: str, end: BlueprintSpec) -> Iterator[Fault]:
    if key not in end.fact_keys or key.startswith(RELATION_PREFIX):
        message = f"blueprint '{end.identifier}' has no property '{key}'"
        yield Fault(place, f"{message}{choices(key, end.fact_keys)}")


def _reads(source: Mirror | Aggregation) -> frozenset[str]:
    """Return the keys of the facts that a derived value reads at the end of its path."""
    if isinstance(source, Mirror):
        return frozenset([source.key])
    wanted = {source.measure_time_by}
    if source.property is not None:
        wanted.add(source.property)
    if source.query is not None:
        wanted |= reads(source.query)
    return frozenset(wanted)
