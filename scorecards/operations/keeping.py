"""Keeping a scorecard that is about to be deleted, with all that hangs on it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog import trash
from catalog.bulk import chunks
from catalog.models import Deleted, DeletedPart
from catalog.operations import is_kept
from catalog.operations.trashing import kept_row
from portal.permissions import Actor
from scorecards.models import Campaign, Rule, Scorecard
from scorecards.operations.kept_rows import PARTS, SNAPSHOT, Part, plain

CHUNK = 5_000
# Of each kind of history, the newest: reports and exemptions are kept all.
MOST_HISTORY = 100_000
_HISTORY = frozenset(["past_outcomes", "rule_changes", "level_changes"])


def keep_scorecard(
    scorecard: Scorecard,
    *,
    document: Mapping[str, Any],
    by: Actor,
    now: datetime,
    batch: str = "",
) -> None:
    """Keep a scorecard, with what was reported, exempted and what moved; not what it found.

    What it finds is worked out again when it comes back.
    """
    if not is_kept(1):
        return
    rules = list(scorecard.rules.all())
    row = kept_row(
        kind=Deleted.Kind.SCORECARD,
        identifier=scorecard.identifier,
        title=scorecard.title,
        document={
            **document,
            "created_at": scorecard.created_at.isoformat(),
            "bits": {rule.identifier: rule.bit for rule in rules},
            "campaigns": _campaigns(rules),
            "kept": {
                name: keeper.gather([scorecard.pk]).get(scorecard.pk)
                for name, keeper in trash.keepers[Deleted.Kind.SCORECARD].items()
            },
        },
        batch=batch or trash.new_batch(),
        by=by,
        now=now,
    )
    row.save()
    left_out = {}
    for name, part in PARTS.items():
        count = _keep_part(row, name, part, scorecard)
        if count > MOST_HISTORY and name in _HISTORY:
            left_out[name] = count - MOST_HISTORY
    snapshots = scorecard.scorecardsnapshots.order_by("id").values_list(*SNAPSHOT)
    _write_parts(row, "snapshots", ([plain(value) for value in line] for line in snapshots))
    if left_out:
        row.document["left_out"] = left_out
        row.save(update_fields=["document"])


def _campaigns(rules: Sequence[Rule]) -> list[list[str]]:
    names = Campaign.rules.through.objects.filter(rule__in=rules).order_by("id")
    return [list(pair) for pair in names.values_list("campaign__identifier", "rule__identifier")]


def _keep_part(row: Deleted, name: str, part: Part, scorecard: Scorecard) -> int:
    """Keep the rows of a part, the newest of history; return how many there are.

    ``[blueprint, entity, rule, *columns]``
    """
    owner = "rule__scorecard" if part.is_of_rule else "scorecard"
    rows = part.model.objects.filter(**{owner: scorecard}).order_by("-id")
    count = rows.count()
    if name in _HISTORY:
        rows = rows[:MOST_HISTORY]
    named = ("entity__blueprint__identifier", "entity__identifier", part.place[-1])
    lines = rows.values_list(*named, *part.columns)
    _write_parts(row, name, ([plain(value) for value in line] for line in lines.iterator()))
    return count


def _write_parts(row: Deleted, name: str, lines: Iterable[list[Any]]) -> None:
    for chunk in chunks(lines, CHUNK):
        DeletedPart.objects.create(deleted=row, name=name, rows=chunk)
