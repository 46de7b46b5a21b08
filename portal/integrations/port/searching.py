"""From the tree of a search to a condition on entities, answered by the database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.bulk import IsAmong, chunks
from catalog.computed.graph import CatalogGraph
from catalog.conditions import parse as parse_conditions
from catalog.models import Entity, EntityRelation
from catalog.queries import compile_q
from catalog.querysets import EntityQuerySet
from catalog.seeing import holds
from portal.integrations.port import rules
from portal.integrations.port.entity_scorecards import FAILURE, SUCCESS
from portal.integrations.port.scorecard_names import scorecards_named
from portal.permissions import Rights, Sight, sight_with
from scorecards.models import Evaluation, Scorecard

# What holds for every row, and for none.
_ALL = Q()
_NONE = Q(pk__in=[])


@dataclass(frozen=True)
class Search:
    """A search that is understood: `condition` keeps what it finds, `tree` is what was asked.

    `blueprints` are the only ones that can be found, where the search says so at its top.
    """

    tree: rules.Group
    condition: Q
    blueprints: frozenset[str] | None
    rights: Rights | None

    def entities(self) -> EntityQuerySet:
        """Return the entities that are found and may be read, in no order."""
        found = Entity.objects.filter(self.condition).readable_by(self.rights)
        if self.blueprints is not None:
            found = found.filter(blueprint__identifier__in=sorted(self.blueprints))
        return found


def understand(
    raw: Any, *, now: datetime, rights: Rights | None, blueprint: str | None = None, path: str
) -> Search:
    """Return what a search asks for; raises `Invalid` with every fault and its place.

    `blueprint` is the only one whose entities are looked for, where the address names it. What
    `rights` may not read is neither found nor crossed; None may read everything.
    """
    tree = rules.parse(raw, now=now, path=path)
    named = frozenset([blueprint]) if blueprint is not None else _named(tree)
    sight = sight_with(rights)
    compiler = _Compiler(graph=registry.graph(), now=now, blueprints=named, sight=sight)
    return Search(tree, compiler.compile(tree), named, rights)


def _named(tree: rules.Group) -> frozenset[str] | None:
    """Return the blueprints that the top of the tree keeps to, or None where it names none."""
    if tree.combinator != "and":
        return None
    for node in tree.rules:
        if not isinstance(node, rules.Condition):
            continue
        leaf = node.query.root.conditions[0]
        if getattr(leaf, "name", "") == "$blueprint" and leaf.operator in ("=", "in"):
            wanted = getattr(leaf.wanted, "value", None)
            names = wanted if isinstance(wanted, list) else [wanted]
            return frozenset(name for name in names if isinstance(name, str))
    return None


@dataclass(frozen=True)
class _Compiler:
    graph: CatalogGraph
    now: datetime
    blueprints: frozenset[str] | None
    sight: Sight

    def compile(self, node: rules.Node) -> Q:
        """Return the condition of one node."""
        if isinstance(node, rules.Group):
            parts = [self.compile(rule) for rule in node.rules]
            # Without rules everything is found, whatever they would have been joined by.
            return reduce(and_ if node.combinator == "and" else or_, parts) if parts else _ALL
        return self._rule(node)

    def _rule(self, node: rules.Node) -> Q:
        match node:
            case rules.Condition():
                return holds(node.query, now=self.now, sight=self.sight)
            case rules.TargetTitle():
                return self._target_title(node)
            case rules.ScorecardRule():
                return _graded(node)
            case rules.OfType():
                return self._of_type(node)
            case rules.RelatedTo():
                return _among(self._related(node))
        return _among(self._matching(node))

    def _target_title(self, node: rules.TargetTitle) -> Q:
        meets = compile_q(node.query, now=self.now, facts="target__facts")
        rows = EntityRelation.objects.filter(
            meets, self._open(), source_id=OuterRef("pk"), relation=node.relation
        )
        return ~Q(Exists(rows)) if node.is_negated else Q(Exists(rows))

    def _of_type(self, node: rules.OfType) -> Q:
        parts = [self._of_type_in(spec, node) for spec in self._searched()]
        return reduce(or_, parts, _NONE)

    def _of_type_in(self, spec: BlueprintSpec, node: rules.OfType) -> Q:
        keys = [key for key, item in spec.properties.items() if _is_of_type(item, node)]
        if not keys:
            return _NONE
        positive = "=" if node.operator == "!=" else node.operator
        leaves = [{"property": key, "operator": positive, "value": node.value} for key in keys]
        query = parse_conditions({"combinator": "or", "conditions": leaves}, path=node.path)
        meets = compile_q(query, now=self.now)
        meets = ~meets if node.operator == "!=" else meets
        return Q(blueprint__identifier=spec.identifier) & meets

    def _searched(self) -> Iterable[BlueprintSpec]:
        specs = self.graph.specs
        return [specs[name] for name in self.blueprints or specs if name in specs]

    def _related(self, node: rules.RelatedTo) -> set[int]:
        """Return the ids at any distance, without those that the search starts from."""
        start = _ids_of(node.blueprint, node.identifiers)
        crossed = self._crossed(node.is_required)
        found: set[int] = set()
        if node.direction != "downstream":
            found |= _closure(start, lambda ids: _steps(ids, forward=True, where=crossed))
        if node.direction != "upstream":
            found |= _closure(start, lambda ids: _steps(ids, forward=False, where=crossed))
        return found - start

    def _crossed(self, is_required: bool | None) -> Q:
        """Return which relation rows count."""
        if is_required is None:
            return self._open()
        required = [
            Q(source__blueprint__identifier=spec.identifier, relation=relation.identifier)
            for spec in self.graph.specs.values()
            for relation in spec.relations.values()
            if relation.is_required
        ]
        among = reduce(or_, required, _NONE)
        return (among if is_required else ~among) & self._open()

    def _open(self) -> Q:
        """Return which relation rows lead from and to what may be read."""
        hidden = list(self.sight.hidden)
        if not hidden:
            return _ALL
        closed = Q(source__blueprint__in=hidden) | Q(target__blueprint__in=hidden)
        return ~closed

    def _matching(self, node: rules.MatchAny) -> set[int]:
        """Return the ids of entities at the searched end of the path."""
        forward = node.from_blueprint is not None
        hops = node.hops if forward else tuple(reversed(node.hops))
        if node.from_blueprint is not None:
            at = _ids_of(node.from_blueprint, node.identifiers)
        else:
            at = {id_ for name in self._ends(node.hops) for id_ in _ids_of(name, node.identifiers)}
        for hop in hops:
            where = Q(relation=hop.relation) & self._open()
            reached: set[int] = set()
            step = at
            for _ in range(hop.most):
                step = _steps(step, forward=forward, where=where) - reached
                if not step:
                    break
                reached |= step
            at = reached
        return at

    def _ends(self, hops: tuple[rules.Hop, ...]) -> set[str]:
        """Return the blueprints in which a path may end."""
        at = {spec.identifier for spec in self._searched()}
        for hop in hops:
            at = {
                self.graph.specs[name].relations[hop.relation].target
                for name in at
                if hop.relation in self.graph.specs[name].relations
            } | ({"_team"} if hop.relation == "$team" else set())
        return at


def _among(ids: set[int]) -> Q:
    return Q(IsAmong("id", sorted(ids)))


def _ids_of(blueprint: str, identifiers: Iterable[str]) -> set[int]:
    rows = Entity.objects.of(blueprint)
    return {
        id_ for chunk in chunks(identifiers) for id_ in rows.named(chunk).values_list("id", flat=1)
    }


def _steps(ids: set[int], *, forward: bool, where: Q) -> set[int]:
    """Return the entities one relation row away from these."""
    start, end = ("source_id", "target_id") if forward else ("target_id", "source_id")
    rows = EntityRelation.objects.filter(where)
    return {
        id_
        for chunk in chunks(sorted(ids))
        for id_ in rows.filter(IsAmong(start, chunk)).values_list(end, flat=True)
    }


def _closure(start: set[int], step: Callable[[set[int]], set[int]]) -> set[int]:
    """Return what is reached from `start` in one step or more."""
    reached: set[int] = set()
    at = start
    while at:
        at = step(at) - reached
        reached |= at
    return reached


def _is_of_type(definition: Any, node: rules.OfType) -> bool:
    if definition.get("type") != node.type or definition.get("format") != node.format:
        return False
    return node.items is None or all(
        (definition.get("items") or {}).get(key) == value for key, value in node.items.items()
    )


def _graded(node: rules.ScorecardRule) -> Q:
    """Return the condition on what a scorecard found; several may have this name, a blueprint each.

    Where the rule does not count for an entity, it is in no state.
    """
    parts = [
        Q(blueprint__identifier=blueprint) & _found(node, scorecard)
        for blueprint, scorecard in scorecards_named(node.scorecard)
    ]
    among = reduce(or_, parts, _NONE)
    return ~among if node.is_negated else among


def _found(node: rules.ScorecardRule, scorecard: Scorecard) -> Q:
    rows = Evaluation.objects.filter(entity_id=OuterRef("pk"), scorecard=scorecard)
    if node.rule is None:
        return Q(Exists(rows.filter(level__title__in=node.values)))
    rule = scorecard.rules.filter(identifier=node.rule).first()
    if rule is None:
        return _NONE
    bit = 1 << rule.bit
    rows = rows.filter(newest_rule_id__gte=rule.pk).annotate(
        is_passed=F("passed").bitand(bit), is_skipped=F("skipped").bitand(bit)
    )
    states = {SUCCESS: Q(is_passed__gt=0), FAILURE: Q(is_passed=0, is_skipped=0)}
    wanted = reduce(or_, (states[value] for value in node.values if value in states), _NONE)
    return Q(Exists(rows.filter(wanted)))
