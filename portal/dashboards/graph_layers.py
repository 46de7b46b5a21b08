"""Which columns the boxes of a graph stand in. Pure: the same graph always gets the same.

Each stands left of all that it points at, as near as it can; of edges in a circle, the one that
closes it runs back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

Edge = tuple[str, str]


def layers_of(keys: Sequence[str], edges: Iterable[Edge]) -> list[list[str]]:
    """Return the columns from left to right, each with its keys in the order given.

    >>> layers_of(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    [['a'], ['b'], ['c']]
    """
    after = _without_circles(keys, edges)
    before = _turned(after)
    rank: dict[str, int] = {}
    for key in _targets_first(after, before):
        rank[key] = max((rank[target] + 1 for target in after[key]), default=0)
    # What points at nothing stands beside the first that points at it, not at the far end.
    ends = [key for key in keys if not after[key] and before[key]]
    for key in ends:
        rank[key] = min(rank[other] for other in before[key]) - 1
    columns: dict[int, list[str]] = defaultdict(list)
    for key in keys:
        columns[rank[key]].append(key)
    return [columns[place] for place in sorted(columns, reverse=True)]


def _without_circles(keys: Sequence[str], edges: Iterable[Edge]) -> dict[str, list[str]]:
    """Return what each points at, but for the edges that close a circle."""
    after: dict[str, list[str]] = {key: [] for key in keys}
    for source, target in dict.fromkeys(edges):
        if source != target:
            after[source].append(target)
    kept: dict[str, list[str]] = {key: [] for key in keys}
    done: set[str] = set()
    for start in keys:
        # Depth first, without recursion: what is on the way and not yet done would be a circle.
        way, on_way = [(start, iter(after[start]))], {start}
        if start in done:
            continue
        while way:
            key, targets = way[-1]
            target = next(targets, "")
            if not target:
                way.pop()
                on_way.discard(key)
                done.add(key)
            elif target not in on_way:
                kept[key].append(target)
                if target not in done:
                    way.append((target, iter(after[target])))
                    on_way.add(target)
    return kept


def _turned(after: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what points at each."""
    before: dict[str, list[str]] = {key: [] for key in after}
    for key, targets in after.items():
        for target in targets:
            before[target].append(key)
    return before


def _targets_first(
    after: Mapping[str, Sequence[str]], before: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the keys such that each comes after all that it points at."""
    left = {key: len(targets) for key, targets in after.items()}
    order = [key for key in after if not left[key]]
    for key in order:
        for other in before[key]:
            left[other] -= 1
            if not left[other]:
                order.append(other)
    return order
