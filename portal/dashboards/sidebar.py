"""The order of a sidebar: folders with what they hold, siblings where they want to stand. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A folder or a page: `parent` names a folder, `after` the sibling to stand behind."""

    identifier: str
    title: str
    is_folder: bool
    parent: str | None = None
    after: str | None = None


def ordered(items: Iterable[Item]) -> list[Item]:
    """Return items as they are read from top to bottom, each folder followed by what it holds.

    Siblings come by title, but each that names another stands behind that one. Who names nobody
    that is there, or each other in a circle, has no wish.
    """
    families: dict[str | None, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: (item.title.casefold(), item.identifier)):
        families[item.parent].append(item)
    return list(_walk(families, None))


def _walk(families: dict[str | None, list[Item]], folder: str | None) -> Iterator[Item]:
    for item in _siblings(families.get(folder, [])):
        yield item
        if item.is_folder:
            yield from _walk(families, item.identifier)


def _siblings(items: list[Item]) -> list[Item]:
    names = {item.identifier for item in items}
    followers: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.after in names and item.after != item.identifier:
            followers[item.after or ""].append(item)
    led = {item for group in followers.values() for item in group}
    placed: dict[Item, None] = {}
    # Those in a circle follow somebody, but are reached from nobody: they come last, by title.
    for start in [*(item for item in items if item not in led), *items]:
        stack = [start]
        while stack:
            item = stack.pop()
            if item not in placed:
                placed[item] = None
                stack.extend(reversed(followers[item.identifier]))
    return list(placed)
