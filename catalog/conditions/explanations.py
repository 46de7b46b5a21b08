"""Why a query holds or does not: the same tree, with what was found beside what was wanted."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from catalog.conditions.descriptions import Titles, describe_wanted, title_of
from catalog.conditions.dumping import dump_wanted
from catalog.conditions.nodes import Constant, Group, Leaf, Node, Query, Range, Reference
from catalog.conditions.operators import Operand
from catalog.conditions.predicates import Facts, leaf_predicate
from catalog.conditions.values import is_number

# In the place of a value that whoever asks does not see.
UNSEEN = "something that you may not see"


@dataclass(frozen=True)
class Explanation:
    """The answer for one group or one condition.

    A group has `combinator` and `children`; a condition has the rest. `wanted` is the rule's value
    as it was written, or what the other property holds; `wanted_text` says it in English.
    `distance` is how far a number is from passing, None where it passed or there is no number.
    """

    passed: bool
    combinator: str = ""
    children: tuple["Explanation", ...] = ()
    key: str = ""
    label: str = ""
    operator: str = ""
    found: Any = None
    wanted: Any = None
    wanted_text: str = ""
    is_missing: bool = False
    distance: float | None = None

    @property
    def is_group(self) -> bool:
        """Return whether this explains a group."""
        return bool(self.combinator)

    def leaves(self) -> Iterator["Explanation"]:
        """Yield the conditions, in reading order."""
        if not self.is_group:
            yield self
        for child in self.children:
            yield from child.leaves()

    def to_json(self) -> dict[str, Any]:
        """Return the tree as JSON, each node with the keys that apply to it."""
        if self.is_group:
            children = [child.to_json() for child in self.children]
            return {"combinator": self.combinator, "passed": self.passed, "children": children}
        return {
            "key": self.key,
            "label": self.label,
            "operator": self.operator,
            "found": self.found,
            "wanted": self.wanted,
            "wanted_text": self.wanted_text,
            "passed": self.passed,
            "is_missing": self.is_missing,
            "distance": self.distance,
        }


def explain(
    query: Query,
    facts: Facts,
    *,
    now: datetime,
    titles: Titles | None = None,
    unseen: Collection[str] = (),
) -> Explanation:
    """Return why the query holds for the facts or does not; its `passed` is what matches says.

    Every condition is looked at, also those that could not change the answer any more. Of the
    facts with `unseen` keys it says whether they pass, and not what they are.
    """
    explanation = _explain_node(query.root, facts, now=now, titles=titles or {})
    return _covered(explanation, unseen) if unseen else explanation


def _covered(explanation: Explanation, unseen: Collection[str]) -> Explanation:
    if explanation.is_group:
        children = tuple(_covered(child, unseen) for child in explanation.children)
        return replace(explanation, children=children)
    if explanation.key not in unseen:
        return explanation
    return replace(explanation, found=UNSEEN, is_missing=False)


def _explain_node(node: Node, facts: Facts, *, now: datetime, titles: Titles) -> Explanation:
    if isinstance(node, Leaf):
        return _explain_leaf(node, facts, now=now, titles=titles)
    children = tuple(
        _explain_node(child, facts, now=now, titles=titles) for child in node.conditions
    )
    return Explanation(
        passed=_combine(node, [child.passed for child in children]),
        combinator=node.combinator,
        children=children,
    )


def _combine(group: Group, answers: list[bool]) -> bool:
    return all(answers) if group.combinator == "and" or not answers else any(answers)


def _explain_leaf(leaf: Leaf, facts: Facts, *, now: datetime, titles: Titles) -> Explanation:
    found = facts.get(leaf.key)
    passed = leaf_predicate(leaf)(facts, now)
    wanted = _wanted_value(leaf, facts)
    return Explanation(
        passed=passed,
        key=leaf.key,
        label=title_of(leaf.key, titles),
        operator=leaf.operator,
        found=found,
        wanted=wanted,
        wanted_text=describe_wanted(leaf, titles=titles),
        is_missing=found is None,
        distance=None if passed else _distance(leaf, found, wanted),
    )


def _wanted_value(leaf: Leaf, facts: Facts) -> Any:
    if isinstance(leaf.wanted, Reference):
        return facts.get(leaf.wanted.key)
    return dump_wanted(leaf.wanted)


def _distance(leaf: Leaf, found: Any, wanted: Any) -> float | None:
    """Return how far a number lies from what an ordering or a range of numbers wants."""
    if leaf.effective.negates or not is_number(found):
        return None
    match leaf.wanted:
        case Range(start=start, end=end):
            bounds = [start.value, end.value]
        case Constant() | Reference() if leaf.effective.operand is Operand.ORDERED:
            bounds = [wanted]
        case _:
            return None
    gaps = [_gap(found, bound) for bound in bounds if is_number(bound)]
    return min((gap for gap in gaps if gap is not None), default=None)


def _gap(found: float, bound: float) -> float | None:
    try:
        gap = abs(found - bound)
        return gap if math.isfinite(gap) else None
    except OverflowError:
        return None
