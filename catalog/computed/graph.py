"""How blueprints hang together: relation paths, who reads what, and in which order. Pure.

A *step* crosses one relation, forward (from the blueprint that has it) or backward. Every derived
value (mirror, inherited ownership, aggregation) is read at the end of a list of steps that starts
at its owner; walking the steps back from something that changed finds the owners to refresh.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from catalog.blueprints import Aggregation, BlueprintSpec, Calculation, Mirror
from catalog.computed.series import Plan, Series, plan_of, shared
from catalog.conditions import check_properties, reads
from catalog.errors import Fault, Invalid

TEAM = "_team"
OWNERSHIP = "$team"
# Of several shortest paths at most this many are followed, and named in the refusal.
PATHS_NAMED = 5


@dataclass(frozen=True)
class Step:
    """One relation crossed: `blueprint` has the relation, `end` is where the step arrives."""

    blueprint: str
    relation: str
    is_forward: bool
    end: str
    is_many: bool


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
        self.derived: dict[str, dict[str, Derived]] = {}
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
        self._share_series()
        if not faults:
            faults = list(self._cycles())
        if faults:
            raise Invalid(faults)
        for derived in self._all_derived():
            self._index(derived)
        # By blueprint: its calculations, those of each level after those that they read.
        self.calculation_levels: dict[str, list[list[str]]] = {
            spec.identifier: list(self._levels(spec)) for spec in self.specs.values()
        }

    def _levels(self, spec: BlueprintSpec) -> Iterator[list[str]]:
        sorter = TopologicalSorter(
            {
                key: self._reads_of(spec, item) & spec.calculations.keys()
                for key, item in spec.calculations.items()
            }
        )
        sorter.prepare()
        while sorter.is_active():
            level = sorted(sorter.get_ready())
            yield level
            sorter.done(*level)

    def _reads_of(self, spec: BlueprintSpec, calculation: Calculation) -> frozenset[str]:
        if calculation.reads is not None:
            return calculation.reads
        return (spec.computed_keys | {OWNERSHIP}) - self.hidden[spec.identifier]

    def steps_along(
        self, spec: BlueprintSpec, path: Iterable[str], *, heirs: frozenset[str] = frozenset()
    ) -> tuple[Step, ...]:
        """Return the forward steps of a dotted path; raises `ValueError` naming the choices.

        `heirs` are the blueprints whose inherited ownership the path is a part of.
        """
        steps: list[Step] = []
        at = spec
        for name in path:
            if name == OWNERSHIP:
                steps.extend(self._ownership_steps(at, heirs))
            elif name in at.relations:
                relation = at.relations[name]
                steps.append(Step(at.identifier, name, True, relation.target, relation.is_many))
            else:
                raise ValueError(
                    f"blueprint '{at.identifier}' has no relation '{name}'"
                    f"{_choices(name, at.relations)}"
                )
            at = self.specs[steps[-1].end]
        if not steps:
            raise ValueError("the path crosses no relation; write <relation>.<property>")
        return tuple(steps)

    def _derive(self, spec: BlueprintSpec, faults: list[Fault]) -> Iterator[tuple[str, Derived]]:
        for at, source in _sources(spec):
            try:
                yield source.identifier, self._resolve(spec, source)
            except ValueError as error:
                faults.append(Fault(f"{spec.identifier}.{at}", str(error)))

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
                    f"there is no blueprint '{target}'{_choices(target, self.specs)}",
                )

    def _resolve(self, spec: BlueprintSpec, source: Mirror | Aggregation) -> Derived:
        if isinstance(source, Mirror):
            steps = self.steps_along(spec, source.path)
            wanted = frozenset([source.key])
        else:
            steps = self._aggregation_steps(spec, source)
            wanted = _aggregation_reads(source)
        end = self.specs[steps[-1].end]
        problems = [key for key in sorted(wanted) if key not in end.fact_keys]
        if problems:
            raise ValueError(
                f"blueprint '{end.identifier}' has no property '{problems[0]}'"
                f"{_choices(problems[0], end.fact_keys)}"
            )
        if isinstance(source, Aggregation) and source.query is not None:
            for problem in check_properties(source.query, end.fact_keys):
                raise ValueError(problem.message)
        plan = None
        if isinstance(source, Aggregation):
            is_single = self._leads_to_one(steps[-1])
            plan = plan_of(source, steps, end=end.identifier, is_single=is_single)
        return Derived(
            blueprint=spec.identifier,
            key=source.identifier,
            steps=steps,
            end=end.identifier,
            reads=wanted,
            source=source,
            plan=plan,
        )

    def _aggregation_steps(self, spec: BlueprintSpec, source: Aggregation) -> tuple[Step, ...]:
        if source.path is None:
            return self._shortest(spec, source.target)
        if not source.is_from_target:
            steps = self.steps_along(spec, source.path)
            arrives, wanted = steps[-1].end, source.target
        else:
            forward = self.steps_along(self.specs[source.target], source.path)
            arrives, wanted = forward[-1].end, spec.identifier
            steps = tuple(
                Step(step.blueprint, step.relation, False, step.blueprint, True)
                for step in reversed(forward)
            )
        if arrives != wanted:
            raise ValueError(
                f"the path {'.'.join(source.path)} ends at '{arrives}', not at '{wanted}'"
            )
        return steps

    def _shortest(self, spec: BlueprintSpec, target: str) -> tuple[Step, ...]:
        """Return the one shortest path; several of that length are refused, with the choices."""
        frontier: list[tuple[str, tuple[Step, ...]]] = [(spec.identifier, ())]
        seen = {spec.identifier}
        while frontier:
            longer = [
                (step.end, (*steps, step))
                for at, steps in frontier
                for step in self._steps_from(at)
            ]
            found = [steps for end, steps in longer if end == target]
            if len(found) > 1:
                named = ", ".join(sorted(map(_show, found))[:PATHS_NAMED])
                raise ValueError(
                    f"several paths lead to '{target}': {named}; choose one with pathFilter"
                )
            if found:
                return found[0]
            frontier = _few_per_end((end, steps) for end, steps in longer if end not in seen)
            seen.update(end for end, _ in frontier)
        raise ValueError(f"no relations lead from '{spec.identifier}' to '{target}'")

    def _steps_from(self, blueprint: str) -> Iterator[Step]:
        for spec in self.specs.values():
            for relation in self._rows_of(spec):
                if spec.identifier == blueprint:
                    yield relation
                if relation.end == blueprint:
                    yield Step(spec.identifier, relation.relation, False, spec.identifier, True)

    def _rows_of(self, spec: BlueprintSpec) -> Iterator[Step]:
        """Yield the relations of which the blueprint's entities have rows."""
        for relation in spec.relations.values():
            yield Step(
                spec.identifier, relation.identifier, True, relation.target, relation.is_many
            )
        if spec.ownership is not None and not spec.ownership.is_inherited:
            yield Step(spec.identifier, OWNERSHIP, True, TEAM, True)

    def _ownership_steps(self, spec: BlueprintSpec, heirs: frozenset[str]) -> list[Step]:
        if spec.identifier in heirs:
            raise ValueError(f"blueprint '{spec.identifier}' would inherit ownership from itself")
        if spec.ownership is None:
            raise ValueError(f"blueprint '{spec.identifier}' has no ownership")
        if not spec.ownership.is_inherited:
            return [Step(spec.identifier, OWNERSHIP, True, TEAM, True)]
        heirs = heirs | {spec.identifier}
        steps = self.steps_along(spec, spec.ownership.path, heirs=heirs)
        return [*steps, *self._ownership_steps(self.specs[steps[-1].end], heirs)]

    def _all_derived(self) -> Iterator[Derived]:
        for by_key in self.derived.values():
            yield from by_key.values()

    def _share_series(self) -> None:
        """Have aggregations that can read the same samples do so."""
        plans = [derived.plan for derived in self._all_derived() if derived.plan]
        series = shared(plan.series for plan in plans)
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
            steps, series = derived.plan.far, derived.plan.series
            self.planned[series].append(derived)
            self._series_of[series.blueprint].add(series)
            self._series_across[series.holder, series.relation].add(series)
        for position, step in enumerate(steps):
            self.crossings[step.blueprint, step.relation].append((derived, position))

    def _cycles(self) -> Iterator[Fault]:
        """Find values that would need themselves, through any number of others."""
        needs: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for derived in self._all_derived():
            needs[derived.blueprint, derived.key] = {(derived.end, key) for key in derived.reads}
        for spec in self.specs.values():
            for key, item in spec.calculations.items():
                needs[spec.identifier, key] = {
                    (spec.identifier, read) for read in self._reads_of(spec, item)
                }
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            cycle = " -> ".join(f"{blueprint}.{key}" for blueprint, key in error.args[1])
            blueprint, key = error.args[1][0]
            yield Fault(f"{blueprint}.{key}", f"the value would need itself: {cycle}")


def _hidden(spec: BlueprintSpec) -> frozenset[str]:
    hidden = {key for key, item in spec.calculations.items() if item.reads is None}
    while more := {
        key
        for key, item in spec.calculations.items()
        if key not in hidden and item.reads is not None and not hidden.isdisjoint(item.reads)
    }:
        hidden |= more
    return frozenset(hidden)


def _few_per_end(
    paths: Iterable[tuple[str, tuple[Step, ...]]],
) -> list[tuple[str, tuple[Step, ...]]]:
    """Keep enough paths to an end to tell that there are several; their number may explode."""
    kept: dict[str, list[tuple[Step, ...]]] = defaultdict(list)
    for end, steps in paths:
        if len(kept[end]) < PATHS_NAMED:
            kept[end].append(steps)
    return [(end, steps) for end, few in kept.items() for steps in few]


def _sources(spec: BlueprintSpec) -> Iterator[tuple[str, Mirror | Aggregation]]:
    for key, mirror in spec.mirrors.items():
        yield f"mirror_properties.{key}.path", mirror
    for key, aggregation in spec.aggregations.items():
        yield f"aggregation_properties.{key}", aggregation
    if spec.ownership is not None and spec.ownership.is_inherited:
        yield "ownership.path", Mirror(OWNERSHIP, spec.ownership.path, OWNERSHIP)


def _aggregation_reads(source: Aggregation) -> frozenset[str]:
    wanted = {source.measure_time_by}
    if source.property is not None:
        wanted.add(source.property)
    if source.query is not None:
        wanted |= reads(source.query)
    return frozenset(wanted)


def _show(steps: tuple[Step, ...]) -> str:
    return " ".join(
        f"{'->' if step.is_forward else '<-'} {step.blueprint}.{step.relation}" for step in steps
    )


def _choices(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, list(known), n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; choose one of {', '.join(sorted(known)[:10])}" if known else ""
