"""How far a campaign would have been on the days before it was made, from the history of results.

The results of today are walked back day by day: what moved since is undone, and entities that came
since are taken away. So only what moved or came is loaded. What history does not tell is taken to
have been as it is: the first results of a rule, and which entities the campaign's filter lets in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from catalog.bulk import IsAmong, chunks, insert_rows
from scorecards.campaign_progress import Progress
from scorecards.campaigns import in_scope
from scorecards.evaluation import Masks
from scorecards.models import Campaign, CampaignSnapshot, Evaluation, Rule, RuleChange

# How far back is looked, and how many moves at most; of a campaign with more, no past is told.
LONGEST = timedelta(days=400)
MOST_MOVES = 200_000
FIELDS = ("campaign", "day", "passed", "failed", "skipped", "done", "entities")

# The results of an entity, by rule.
Words = dict[int, str]


@dataclass
class Standing:
    """How a campaign stood: results of each kind, entities done and in scope."""

    done: int
    entities: int
    results: dict[str, int] = field(default_factory=dict)

    def count(self, words: Words, sign: int) -> None:
        """Count an entity in, or out, by its results; one without any that count is in no scope."""
        kinds = set(words.values())
        if not kinds - {"SKIP"}:
            return
        self.entities += sign
        self.done += 0 if "FAIL" in kinds else sign
        for word in words.values():
            self.results[word] += sign

    def row(self, campaign: Campaign, day: date) -> tuple[int | date, ...]:
        """Return the row of a snapshot."""
        counts = (self.results["PASS"], self.results["FAIL"], self.results["SKIP"])
        return (campaign.pk, day, *counts, self.done, self.entities)


def tell_past(*, campaign: Campaign, progress: Progress, now: datetime) -> int:
    """Keep how far a new campaign was on each day from its start until today; return how many days.

    `progress` is how far it is now. Days on which nothing was in scope are left out.
    """
    start = max(campaign.starts_at, now - LONGEST).astimezone(UTC).date()
    days = (now.date() - start).days
    if days <= 0:
        return 0
    since = datetime.combine(start, time.min, UTC)
    moves = _moves(campaign, since=since, now=now)
    if len(moves) > MOST_MOVES:
        return 0
    rows = _walk(campaign, progress, moves=moves, days=days, now=now)
    insert_rows(CampaignSnapshot, rows, fields=FIELDS, unique=("campaign", "day"))
    return len(rows)


@dataclass(frozen=True)
class _Move:
    """Something to undo: a result that was another before, or, without a rule, a new entity."""

    at: datetime
    entity_id: int
    rule_id: int | None = None
    before: str = ""


def _moves(campaign: Campaign, *, since: datetime, now: datetime) -> list[_Move]:
    """Return what happened to the entities in scope, the newest first; one too many at most."""
    scope = in_scope(campaign, now=now)
    new = scope.filter(created_at__gte=since).order_by().values_list("created_at", "id")
    changes = RuleChange.objects.filter(
        rule__in=list(campaign.rules.all()), entity__in=scope, at__gte=since
    )
    found = [_Move(*row) for row in new[: MOST_MOVES + 1]]
    rows = changes.order_by("-id").values_list("at", "entity_id", "rule_id", "before")
    found += [_Move(*row) for row in rows[: MOST_MOVES + 1]]
    # Stable, so that of one moment the later change is undone first, and coming last of all.
    return sorted(found, key=lambda move: (move.at, move.rule_id is not None), reverse=True)


def _walk(
    campaign: Campaign, progress: Progress, *, moves: Sequence[_Move], days: int, now: datetime
) -> list[tuple[int | date, ...]]:
    words = _words_of({move.entity_id for move in moves}, list(campaign.rules.all()))
    standing = Standing(
        progress.done,
        progress.entities,
        {"PASS": progress.passed, "FAIL": progress.failed, "SKIP": progress.skipped},
    )
    rows = []
    left = list(reversed(moves))
    for day in _days_back(now.date(), days):
        while left and left[-1].at.astimezone(UTC).date() > day:
            _undo(left.pop(), words, standing)
        if standing.entities:
            rows.append(standing.row(campaign, day))
    return rows


def _days_back(today: date, count: int) -> Iterator[date]:
    return (today - timedelta(days=ago) for ago in range(1, count + 1))


def _undo(move: _Move, words: dict[int, Words], standing: Standing) -> None:
    held = words[move.entity_id]
    standing.count(held, -1)
    if move.rule_id is None:
        held.clear()
    elif move.rule_id in held:
        held[move.rule_id] = move.before
    standing.count(held, 1)


def _words_of(entity_ids: Iterable[int], rules: Sequence[Rule]) -> dict[int, Words]:
    """Return the results of these entities as they are."""
    by_scorecard: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_scorecard[rule.scorecard_id].append(rule)
    found: dict[int, Words] = defaultdict(dict)
    for ids in chunks(sorted(entity_ids)):
        rows = Evaluation.objects.filter(
            IsAmong("entity_id", ids), IsAmong("scorecard_id", by_scorecard)
        )
        for entity_id, scorecard_id, *masks in rows.values_list(
            "entity_id", "scorecard_id", "passed", "skipped"
        ):
            for rule in by_scorecard[scorecard_id]:
                found[entity_id][rule.pk] = Masks(*masks).word(rule.bit)
    return found
