"""The scores of a scorecard by team and by kind, as its page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from portal.dashboards.columns import Reference
from portal.dashboards.ownership import team_references
from scorecards.models import Scorecard
from scorecards.score_rows import asked_of, by_kind, by_team, groups_of
from scorecards.scores import Score

Key = TypeVar("Key", str, int)

# Up to so many entities, groups are worked out with the page; of more, when they are asked for.
MOST_AT_ONCE = 5_000
MOST_GROUPS = 100


@dataclass(frozen=True)
class TeamScore:
    """The score of what a team owns."""

    team: Reference
    score: Score


@dataclass(frozen=True)
class KindScore:
    """The score of the entities of a blueprint."""

    blueprint: str
    title: str
    score: Score


@dataclass(frozen=True)
class GroupScores:
    """Scores by team, the lowest first, and by kind, where there are several."""

    teams: list[TeamScore]
    kinds: list[KindScore]
    more: int = 0


def group_scores(scorecard: Scorecard) -> GroupScores:
    """Return the scores of a scorecard whose parts are loaded, with two queries."""
    groups = groups_of(asked_of(scorecard.rules.all()), is_silence_told=False)
    teams = _known(by_team(groups))
    references = team_references([name for name, _ in teams[:MOST_GROUPS]])
    kinds = {row.pk: row for row in scorecard.blueprints.all()}
    return GroupScores(
        teams=[
            TeamScore(team, score)
            for team, (_, score) in zip(references, teams[:MOST_GROUPS], strict=True)
        ],
        kinds=[
            KindScore(kinds[id_].identifier, kinds[id_].title, score)
            for id_, score in _known(by_kind(groups))
            if id_ in kinds and len(kinds) > 1
        ],
        more=max(len(teams) - MOST_GROUPS, 0),
    )


def _known(scores: Mapping[Key, Score]) -> Sequence[tuple[Key, Score]]:
    """Return the scores that there are, the lowest first."""
    known = [(key, score) for key, score in scores.items() if score.value is not None]
    return sorted(known, key=lambda item: (item[1].value or 0, item[0]))
