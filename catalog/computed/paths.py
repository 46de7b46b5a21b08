"""Paths between blueprints: the relations that are crossed from an owner to what it reads. Pure.

A *step* crosses one relation, forward (from the blueprint that has it) or backward.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from catalog.blueprints import Aggregation, BlueprintSpec, Mirror
from catalog.conditions.nodes import RELATION_PREFIX

TEAM = "_team"
OWNERSHIP = "$team"
# Of several shortest paths at most this many are followed, and named in the refusal.
PATHS_NAMED = 5
# What stands at the end of a mirror is found by one statement, and SQLite joins 64 tables: three
# for each step.
STEPS_AT_MOST = 20
CHOICES_NAMED = 10


@dataclass(frozen=True)
class Step:
    """One relation crossed: `blueprint` has the relation, `end` is where the step arrives."""

    blueprint: str
    relation: str
    is_forward: bool
    end: str
    is_many: bool


class NoPathError(ValueError):
    """A definition names no path, or several; the message says where it fails and the choices."""


@dataclass(frozen=True)
class Paths:
    """Finds the steps of definitions among these blueprints, whose relations lead to one of them.

    The methods raise `NoPathError`.
    """

    specs: Mapping[str, BlueprintSpec]

    def steps_of(self, spec: BlueprintSpec, source: Mirror | Aggregation) -> tuple[Step, ...]:
        """Return the steps from a blueprint's entities to what a definition of theirs reads."""
        if isinstance(source, Mirror):
            return self._along(spec, source.path)
        if source.path is None:
            return self._shortest(spec, source.target)
        if source.is_from_target:
            forward = self._along(self.specs[source.target], source.path)
            _check_arrival(source.path, forward, wanted=spec.identifier)
            return tuple(
                Step(step.blueprint, step.relation, False, step.blueprint, True)
                for step in reversed(forward)
            )
        steps = self._along(spec, source.path)
        _check_arrival(source.path, steps, wanted=source.target)
        return steps

    def _along(
        self, spec: BlueprintSpec, path: Iterable[str], *, heirs: frozenset[str] = frozenset()
    ) -> tuple[Step, ...]:
        """Return the forward steps of a dotted path.

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
                raise NoPathError(
                    f"blueprint '{at.identifier}' has no relation '{name}'"
                    f"{choices(name, at.relations)}"
                )
            # At once: ownership that is inherited over and over multiplies.
            _check_length(steps)
            at = self.specs[steps[-1].end]
        if not steps:
            raise NoPathError("the path crosses no relation; write <relation>.<property>")
        return tuple(steps)

    def _ownership_steps(self, spec: BlueprintSpec, heirs: frozenset[str]) -> list[Step]:
        if spec.identifier in heirs:
            raise NoPathError(f"blueprint '{spec.identifier}' would inherit ownership from itself")
        if spec.ownership is None:
            raise NoPathError(no_ownership(spec))
        if not spec.ownership.is_inherited:
            return [Step(spec.identifier, OWNERSHIP, True, TEAM, True)]
        heirs = heirs | {spec.identifier}
        steps = self._along(spec, spec.ownership.path, heirs=heirs)
        return [*steps, *self._ownership_steps(self.specs[steps[-1].end], heirs)]

    def _shortest(self, spec: BlueprintSpec, target: str) -> tuple[Step, ...]:
        """Return the one shortest path; several of that length are refused, with the choices."""
        frontier: list[tuple[str, tuple[Step, ...]]] = [(spec.identifier, ())]
        seen = {spec.identifier}
        while frontier:
            longer = [
                (step.end, (*steps, step))
                for at, steps in frontier
                for step in self._steps_from[at]
            ]
            found = [steps for end, steps in longer if end == target]
            if len(found) > 1:
                raise NoPathError(_several(found, target))
            if found:
                _check_length(found[0])
                return found[0]
            frontier = _few_per_end((end, steps) for end, steps in longer if end not in seen)
            seen.update(end for end, _ in frontier)
        raise NoPathError(f"no relations lead from '{spec.identifier}' to '{target}'; add one")

    @cached_property
    def _steps_from(self) -> Mapping[str, Sequence[Step]]:
        """Return the steps that can be taken from each blueprint."""
        found: dict[str, list[Step]] = defaultdict(list)
        for spec in self.specs.values():
            for step in self._rows_of(spec):
                found[spec.identifier].append(step)
                back = Step(spec.identifier, step.relation, False, spec.identifier, True)
                found[step.end].append(back)
        return found

    def _rows_of(self, spec: BlueprintSpec) -> Iterator[Step]:
        """Yield the relations of which the blueprint's entities have rows."""
        for relation in spec.relations.values():
            yield Step(
                spec.identifier, relation.identifier, True, relation.target, relation.is_many
            )
        if spec.ownership is not None and not spec.ownership.is_inherited:
            yield Step(spec.identifier, OWNERSHIP, True, TEAM, True)


def no_ownership(spec: BlueprintSpec) -> str:
    """Return the message for a path to the owners of what nobody can own."""
    return f"blueprint '{spec.identifier}' has no ownership; give it one, or take another path"


def choices(name: str, known: Iterable[str]) -> str:
    """Return the way out of naming none of `known`: the likely one, or the first there are.

    What people named comes before what every entity has, and relations are no properties.
    """
    named = [item for item in known if not item.startswith(RELATION_PREFIX)]
    if close := get_close_matches(name, named, n=1):
        return f"; did you mean '{close[0]}'?"
    own = sorted(named, key=lambda item: (item.startswith("$"), item))[:CHOICES_NAMED]
    return f"; choose one of {', '.join(own)}" if own else "; it has none"


def _check_length(steps: Collection[Step]) -> None:
    if len(steps) > STEPS_AT_MOST:
        raise NoPathError(
            f"the path crosses more than {STEPS_AT_MOST} relations; relate the two more closely"
        )


def _check_arrival(path: Iterable[str], steps: Sequence[Step], *, wanted: str) -> None:
    if steps[-1].end != wanted:
        raise NoPathError(f"the path {'.'.join(path)} ends at '{steps[-1].end}', not at '{wanted}'")


def _several(found: Iterable[tuple[Step, ...]], target: str) -> str:
    """Return the message that names the paths, and how to choose one where that is possible."""
    first = sorted(found, key=lambda steps: (_turns(steps), _show(steps)))[:PATHS_NAMED]
    way_out = "choose one with pathFilter"
    # Which is walked from one end to the other, along relations that all lead that way.
    if all(map(_turns, first)):
        way_out = "a pathFilter can name no path that turns; add a relation that leads there"
    return f"several paths lead to '{target}': {', '.join(map(_show, first))}; {way_out}"


def _turns(steps: tuple[Step, ...]) -> bool:
    return len({step.is_forward for step in steps}) > 1


def _few_per_end(
    paths: Iterable[tuple[str, tuple[Step, ...]]],
) -> list[tuple[str, tuple[Step, ...]]]:
    """Keep enough paths to an end to tell that there are several; their number may explode."""
    kept: dict[str, list[tuple[Step, ...]]] = defaultdict(list)
    for end, steps in paths:
        if len(kept[end]) < PATHS_NAMED:
            kept[end].append(steps)
    return [(end, steps) for end, few in kept.items() for steps in few]


def _show(steps: tuple[Step, ...]) -> str:
    return " ".join(
        f"{'->' if step.is_forward else '<-'} {step.blueprint}.{step.relation}" for step in steps
    )
