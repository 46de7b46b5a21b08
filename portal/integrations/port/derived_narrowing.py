"""From a query on rule results to a condition on the evaluations that they are read out of.

What a result says comes from three places: the rule (there are few, so each is asked here), the
entity (its own facts are asked by the database), and what stands between. The condition holds for
every evaluation with a result that the query holds for, and mostly for no other; whether it holds
for a result is asked of its facts in any case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from itertools import product
from operator import and_, or_
from typing import Any

from django.db.models import BigIntegerField, Case, F, Q, Value, When
from django.db.models.lookups import Exact

from catalog.conditions import (
    Constant,
    Group,
    Leaf,
    Operand,
    Query,
    Reference,
    leaves,
    matches,
    reads,
)
from catalog.filtersets import owned_by
from catalog.models import OWNERSHIP, Entity
from catalog.queries import compile_q
from portal.integrations.port.derived_blueprints import NOT_PASSED, PASSED, target_key
from portal.integrations.port.derived_definitions import Definitions, RuleOf
from portal.integrations.port.derived_names import ResultName, result_name
from portal.integrations.port.derived_results import RESULTS, RULE_KEYS, facts_of_rule

Node = Group | Leaf

ALL = Q(pk__isnull=False)
NONE = Q(pk__in=[])
_ENTITY_KEYS = frozenset(["entity", OWNERSHIP])
# Longer lists, and groups, would only meet the database's limits.
MOST = 30


def narrow(query: Query | None, definitions: Definitions, *, now: datetime) -> Q:
    """Return the condition on evaluations that a query on their results means."""
    if query is None:
        return ALL
    root = query.root
    nodes = root.conditions if root.combinator == "and" else (root,)
    return _Compiler(definitions, now).all_of(nodes)


class _Compiler:
    """Compiles nodes; None is for those that say nothing of evaluations."""

    def __init__(self, definitions: Definitions, now: datetime) -> None:
        self.definitions = definitions
        self.now = now
        self.graded = {
            row.identifier: row.pk
            for card in definitions.cards.values()
            for row in card.scorecard.blueprints.all()
        }
        self.targets = {f"relation#{target_key(name)}": name for name in self.graded}

    def all_of(self, nodes: Sequence[Node]) -> Q:
        """Return the condition that all of these hold; the more of them, the more is passed over.

        What is about rules is asked at once: it has to hold for the same rule.
        """
        rules = tuple(node for node in nodes if _is_of_rules(node))
        others = [node for node in nodes if not _is_of_rules(node)]
        found = map(self.compile, others[:MOST])
        known = [condition for condition in found if condition is not None]
        return reduce(and_, known, self._of_rules(Group("and", rules)) if rules else ALL)

    def compile(self, node: Node) -> Q | None:
        """Return the condition that a node means."""
        if _is_of_rules(node):
            return self._of_rules(node)
        if reads(Query(_as_group(node))) <= _ENTITY_KEYS:
            return self._of_entities(node)
        if isinstance(node, Leaf):
            return self._of_leaf(node)
        return self._of_group(node)

    def _of_group(self, group: Group) -> Q | None:
        if len(list(leaves(Query(group)))) > MOST:
            return None
        if group.combinator == "and":
            return self.all_of(group.conditions)
        found = [self.compile(child) for child in group.conditions]
        known = [condition for condition in found if condition is not None]
        return reduce(or_, known) if len(known) == len(found) else None

    def _of_leaf(self, leaf: Leaf) -> Q | None:
        names = _wanted_texts(leaf, among=("=", "in"))
        if leaf.key == "$identifier" and names is not None:
            return reduce(or_, map(of_name, filter(None, map(result_name, names))), NONE)
        blueprint = self.targets.get(leaf.key)
        if blueprint is None or isinstance(leaf.wanted, Reference):
            return None
        # Of entities of other blueprints, the relation is empty.
        here = Q(entity__blueprint=self.graded[blueprint])
        own = here & self._of_entities(replace(leaf, subject="property", name="entity"))
        is_met = matches(Query(_as_group(leaf)), {}, now=self.now)
        return own | ~here if is_met else own

    def _of_rules(self, node: Node) -> Q:
        """Ask every rule, for each of its blueprints and either result: would that be met?"""
        query = Query(_as_group(node))
        masks: dict[int, dict[str, int]] = {}
        blueprints: set[str] = set()
        for row in self.definitions.rules.values():
            for name, result in product(_graded_by(row), RESULTS):
                if matches(query, facts_of_rule(row, name, result), now=self.now):
                    of_card = masks.setdefault(row.card.scorecard.pk, dict.fromkeys(RESULTS, 0))
                    of_card[result] |= 1 << row.rule.bit
                    blueprints.add(name)
        if blueprints == self.graded.keys():
            return _has_any(masks)
        return _has_any(masks) & Q(entity__blueprint__in=[self.graded[key] for key in blueprints])

    def _of_entities(self, node: Node) -> Q:
        entities = Entity.objects.filter(blueprint__in=self.graded.values())
        return Q(entity__in=entities.filter(self._of_entity(node)).values("pk"))

    def _of_entity(self, node: Node) -> Q:
        """Return the condition on the entity itself: where there is one, in words of an index."""
        if isinstance(node, Leaf):
            names = _wanted_texts(node, among=("=", "in"))
            if node.key == "entity" and names is not None:
                return Q(identifier__in=names)
            teams = _wanted_texts(node, among=("contains", "containsAny"))
            if node.key == OWNERSHIP and teams:
                return reduce(or_, map(owned_by, teams))
        return compile_q(Query(_as_group(_renamed(node))), now=self.now)


def _is_of_rules(node: Node) -> bool:
    return reads(Query(_as_group(node))) <= RULE_KEYS


def _graded_by(row: RuleOf) -> list[str]:
    return [blueprint.identifier for blueprint in row.card.scorecard.blueprints.all()]


def of_name(name: ResultName) -> Q:
    """Return the condition on the evaluation that holds a result."""
    return Q(
        scorecard__identifier=name.scorecard,
        entity__blueprint__identifier=name.blueprint,
        entity__identifier=name.entity,
    )


def _has_any(masks: Mapping[int, Mapping[str, int]]) -> Q:
    """Return the condition that any of these rules of these scorecards passed, or failed."""
    if not masks:
        return NONE
    if len(masks) > MOST:
        return Q(scorecard__in=list(masks))
    passed = _mask({key: item[PASSED] for key, item in masks.items()})
    failed = _mask({key: item[NOT_PASSED] for key, item in masks.items()})
    none_passed = Q(Exact(F("passed").bitand(passed), 0))
    none_failed = Q(Exact(F("passed").bitor(F("skipped")).bitand(failed), failed))
    return Q(scorecard__in=list(masks)) & ~(none_passed & none_failed)


def _mask(masks: Mapping[int, int]) -> Case | Value:
    """Return what stands in a mask, by the scorecard of the row.

    One expression: of alternatives, SQLite would look each up by itself, and sort what it finds.
    """
    field = BigIntegerField()
    if len(set(masks.values())) == 1:
        return Value(next(iter(masks.values())), field)
    whens = (When(scorecard=key, then=Value(mask, field)) for key, mask in masks.items())
    return Case(*whens, default=Value(0, field))


def _as_group(node: Node) -> Group:
    return node if isinstance(node, Group) else Group("and", (node,))


def _wanted_texts(leaf: Leaf, *, among: Iterable[str]) -> list[str] | None:
    """Return the few texts that a leaf compares with; None where it is about anything else."""
    operator = leaf.effective
    if operator.token not in among or not isinstance(leaf.wanted, Constant):
        return None
    value: Any = leaf.wanted.value
    if operator.operand is not Operand.LIST:
        return [value] if isinstance(value, str) else None
    # What else is in a list of names is never found.
    texts = [item for item in value if isinstance(item, str)]
    return texts if len(texts) <= MOST else None


def _renamed(node: Node) -> Node:
    """Return a node about entities in the words of their own facts."""
    if isinstance(node, Group):
        return replace(node, conditions=tuple(map(_renamed, node.conditions)))
    wanted = node.wanted
    if isinstance(wanted, Reference) and wanted.key == "entity":
        wanted = Reference("$identifier")
    name = "$identifier" if node.name == "entity" else node.name
    return replace(node, name=name, wanted=wanted)
