"""What saving a scorecard would change, as people look at it: two ladders and what lies between.

Levels go by the titles that they would have: one that is renamed is the same before and after.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scorecards.impact_parts import Cell, Impact, Mover, Row, RuleLine, Step
from scorecards.operations.previewing import UNGRADED, Preview

# How many of the entities that would move are named.
NAMED = 20


@dataclass(frozen=True)
class Stored:
    """What the preview is compared with: levels with how many hold them, and rules by identifier.

    `levels` are (title, colour, rank, count); both are empty for a scorecard that is not there yet.
    """

    levels: Sequence[tuple[str, str, int, int]] = ()
    rules: Mapping[str, str] = field(default_factory=dict)


def impact_of(preview: Preview, definition: Mapping[str, Any], stored: Stored) -> Impact:
    """Return what a preview of a scorecard document says, beside what is stored."""
    steps = _steps(preview, definition, stored)
    by_title = {step.title: step for step in steps}
    names = {rule["identifier"] for rule in definition["rules"]}
    return Impact(
        entity_count=preview.entity_count,
        moved_count=preview.moved_count,
        ways=_ways(preview, by_title),
        steps=steps,
        rows=list(_rows(preview, steps)),
        rules=list(_rules(preview, definition, stored, by_title)),
        gone_rules=[title for name, title in stored.rules.items() if name not in names],
        movers=[
            Mover(
                blueprint=move.blueprint,
                identifier=move.identifier,
                title=move.title,
                before=by_title[move.from_level],
                after=by_title[move.to_level],
            )
            for move in preview.entities[:NAMED]
        ],
    )


def _steps(preview: Preview, definition: Mapping[str, Any], stored: Stored) -> list[Step]:
    new = [level["title"] for level in definition["levels"]]
    held = list(_renamed(stored, new))
    # What somebody else just removed may still be named by the preview.
    looks = {move.from_level: ("none", 0) for move in preview.levels}
    looks |= {title: (color, rank) for title, color, rank, _ in held}
    looks |= {
        level["title"]: (level["color"], new.index(level["title"]))
        for level in definition["levels"]
    }
    before = Counter({title: count for title, _, _, count in held})
    before[UNGRADED] = preview.entity_count - before.total()
    moved = _moved(preview)
    steps = [
        Step(
            title=title,
            color=color,
            rank=rank,
            before=before[title],
            after=before[title] + moved[title],
            is_gone=title not in new and title != UNGRADED,
        )
        for title, (color, rank) in {**looks, UNGRADED: ("none", -1)}.items()
    ]
    kept = (step for step in steps if step.title in new or step.before or step.after)
    return sorted(kept, key=lambda step: (-step.rank, step.is_gone))


def _moved(preview: Preview) -> Counter[str]:
    """Return how many more would hold each level."""
    moved = Counter[str]()
    for move in preview.levels:
        moved[move.from_level] -= move.count
        moved[move.to_level] += move.count
    return moved


def _renamed(stored: Stored, titles: list[str]) -> Iterator[tuple[str, str, int, int]]:
    """Yield the stored levels under the titles that saving would know them by.

    As in `save_scorecard`: a new title in the place of one that is gone is the same level.
    """
    old = {title for title, _, _, _ in stored.levels}
    for title, color, rank, count in stored.levels:
        is_renamed = title not in titles and rank < len(titles) and titles[rank] not in old
        yield (titles[rank] if is_renamed else title), color, rank, count


def _ways(preview: Preview, steps: Mapping[str, Step]) -> Mapping[str, int]:
    """Return how many rise and fall, come to be graded or cease to be."""
    ways = Counter[str]()
    for move in preview.levels:
        ways[_way_named(steps[move.from_level], steps[move.to_level])] += move.count
    return ways


def _way_named(before: Step, after: Step) -> str:
    if not before.title:
        return "graded"
    return _way(before, after) if after.title else "ungraded"


def _way(before: Step, after: Step) -> str:
    if before.title == after.title:
        return "stay"
    return "down" if after.rank < before.rank else "up"


def _rows(preview: Preview, steps: Sequence[Step]) -> Iterator[Row]:
    counts = {(move.from_level, move.to_level): move.count for move in preview.levels}
    for step in steps:
        if not step.before:
            continue
        leaving = sum(count for (title, _), count in counts.items() if title == step.title)
        counts[step.title, step.title] = step.before - leaving
        yield Row(
            step,
            [
                Cell(count, _way(step, to) if count else "")
                for to in steps
                if to.is_destination
                for count in [counts.get((step.title, to.title), 0)]
            ],
        )


def _rules(
    preview: Preview,
    definition: Mapping[str, Any],
    stored: Stored,
    steps: Mapping[str, Step],
) -> Iterator[RuleLine]:
    impacts = {impact.identifier: impact for impact in preview.rules}
    for rule in definition["rules"]:
        yield RuleLine(
            title=rule["title"],
            level=steps[rule["level"]],
            is_new=rule["identifier"] not in stored.rules,
            is_enabled=rule["is_enabled"],
            is_reported=rule["query"] is None,
            impact=impacts[rule["identifier"]],
        )
