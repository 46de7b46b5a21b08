"""Which way a number is better, as the rules that ask for it say."""

from collections.abc import Iterable, Iterator

from catalog.conditions import parse
from catalog.conditions.nodes import Constant, Group, Leaf
from scorecards.models import Scorecard

_WAYS = {">=": 1, ">": 1, "<=": -1, "<": -1}


def directions(scorecards: Iterable[Scorecard]) -> dict[str, int]:
    """Return 1 for the properties of which rules want more, and -1 for those of which less.

    That something is to be there at all (more than nought) is no direction; and what is wanted both
    ways has none. The scorecards have their parts loaded.
    """
    wanted: dict[str, set[int]] = {}
    for card in scorecards:
        for rule in card.rules.all():
            for leaf in _leaves(parse(rule.query).root) if rule.query else ():
                if leaf.operator in _WAYS and not _is_nought(leaf):
                    wanted.setdefault(leaf.key, set()).add(_WAYS[leaf.operator])
    return {key: ways.pop() for key, ways in wanted.items() if len(ways) == 1}


def _leaves(group: Group) -> Iterator[Leaf]:
    for item in group.conditions:
        if isinstance(item, Group):
            yield from _leaves(item)
        else:
            yield item


def _is_nought(leaf: Leaf) -> bool:
    return isinstance(leaf.wanted, Constant) and leaf.wanted.value == 0
