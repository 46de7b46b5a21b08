"""What fell and what rose in the last days, from the history of levels and rules.

What counts is where an entity stood when the time began and where it stands now: what fell and rose
again did neither. An entity that is no longer graded has not fallen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.models import Entity
from scorecards.models import Level, Rule, RuleChange, Scorecard
from scorecards.operations.rows import LevelMove
from scorecards.querysets import LevelChangeQuerySet

DAYS = 7
MOST_SHOWN = 6
# An edit of a scorecard may move everything at once: of more, only the newest are looked at.
MOST_READ = 5_000
MOST_RULE_CHANGES = 1_000
MOST_RULES = 3


@dataclass(frozen=True)
class Shift:
    """An entity that stands lower or higher than it did, and the rules that made it fall."""

    entity: Entity
    scorecard: Scorecard
    before: Level
    after: Level
    at: datetime
    rules: list[Rule] = field(default_factory=list)


@dataclass(frozen=True)
class Week:
    """What fell and what rose: how many, and the newest of them.

    `is_cut` says that more moved than was looked at.
    """

    fallen: list[Shift]
    risen: list[Shift]
    fallen_count: int = 0
    risen_count: int = 0
    is_cut: bool = False

    @property
    def more_fallen(self) -> int:
        """Return how many that fell are not shown."""
        return self.fallen_count - len(self.fallen)

    @property
    def more_risen(self) -> int:
        """Return how many that rose are not shown."""
        return self.risen_count - len(self.risen)


def week_of(
    changes: LevelChangeQuerySet, scorecards: Sequence[Scorecard], *, now: datetime
) -> Week:
    """Return what these changes came to in the last days; at most three queries.

    Of changes by the scorecards given, whose parts are loaded.
    """
    since = now - timedelta(days=DAYS)
    shifts, is_cut = net_shifts(changes.filter(at__gte=since), scorecards)
    fallen = [shift for shift in shifts if shift.to_rank < shift.from_rank]
    risen = [shift for shift in shifts if shift.to_rank > shift.from_rank]
    shown = [*fallen[:MOST_SHOWN], *risen[:MOST_SHOWN]]
    if not shown:
        return Week([], [], is_cut=is_cut)
    entities = (
        Entity.objects.select_related("blueprint")
        .defer("properties", "computed", "problems", "facts")
        .in_bulk({shift.entity_id for shift in shown})
    )
    reasons = _rules_behind(fallen[:MOST_SHOWN], since=since)
    parts = {card.pk: card for card in scorecards}
    return Week(
        fallen=_drawn(fallen, entities, parts, reasons),
        risen=_drawn(risen, entities, parts, {}),
        fallen_count=len(fallen),
        risen_count=len(risen),
        is_cut=is_cut,
    )


def net_shifts(
    changes: LevelChangeQuerySet, scorecards: Iterable[Scorecard]
) -> tuple[list[LevelMove], bool]:
    """Return the changes of each entity and scorecard as one, the newest first; one query.

    Also whether there were more than are looked at.
    """
    rows = changes.filter(scorecard__in=[card.pk for card in scorecards]).order_by("-id")
    found = [LevelMove(*row) for row in rows.values_list(*LevelMove._fields)[: MOST_READ + 1]]
    steps: dict[tuple[int, int], LevelMove] = {}
    for step in found[:MOST_READ]:
        last = steps.get((step.entity_id, step.scorecard_id), step)
        # Going back in time: where it came from is told by the oldest, all else by the newest.
        steps[step.entity_id, step.scorecard_id] = last._replace(
            from_level=step.from_level, from_rank=step.from_rank
        )
    graded = [step for step in steps.values() if step.to_level and step.from_level]
    return graded, len(found) > MOST_READ


def _rules_behind(
    steps: Sequence[LevelMove], *, since: datetime
) -> dict[tuple[int, int], list[Rule]]:
    """Return the rules that began to fail and own a level that was lost, by entity and scorecard.

    Of a rule that is new, or was failing before, history tells nothing.
    """
    if not steps:
        return {}
    rows = RuleChange.objects.filter(
        entity__in={step.entity_id for step in steps},
        rule__scorecard__in={step.scorecard_id for step in steps},
        at__gte=since,
    )
    found: dict[tuple[int, int], list[RuleChange]] = defaultdict(list)
    newest: set[tuple[int, int]] = set()
    for row in rows.select_related("rule__level").order_by("-id")[:MOST_RULE_CHANGES]:
        if (row.entity_id, row.rule_id) not in newest:
            newest.add((row.entity_id, row.rule_id))
            found[row.entity_id, row.rule.scorecard_id].append(row)
    return {
        (step.entity_id, step.scorecard_id): sorted(
            (
                row.rule
                for row in found[step.entity_id, step.scorecard_id]
                if row.after == RuleChange.Result.FAIL
                and step.to_rank < row.rule.level.rank <= step.from_rank
            ),
            key=lambda rule: (rule.level.rank, rule.title),
        )[:MOST_RULES]
        for step in steps
    }


def _drawn(
    steps: Sequence[LevelMove],
    entities: Mapping[int, Entity],
    scorecards: Mapping[int, Scorecard],
    reasons: Mapping[tuple[int, int], list[Rule]],
) -> list[Shift]:
    shown = [step for step in steps[:MOST_SHOWN] if step.entity_id in entities]
    return [
        Shift(
            entity=entities[step.entity_id],
            scorecard=(card := scorecards[step.scorecard_id]),
            before=_level(card, step.from_level),
            after=_level(card, step.to_level),
            at=step.at,
            rules=reasons.get((step.entity_id, step.scorecard_id), []),
        )
        for step in shown
    ]


def _level(scorecard: Scorecard, title: str) -> Level:
    """Return a level by its title; one that is gone since stands without a colour."""
    return next((row for row in scorecard.levels.all() if row.title == title), Level(title=title))
