"""The `scorecards` of an entity, as this dialect shows them, for many entities at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Prefetch

from catalog.bulk import IsAmong
from catalog.models import Entity
from portal.integrations.port.scorecard_names import given_names, names_of
from scorecards.models import Evaluation, Level, Rule, Scorecard

SUCCESS, FAILURE = "SUCCESS", "FAILURE"


def scorecards_of(entities: Sequence[Entity]) -> dict[int, dict[str, dict[str, Any]]]:
    """Return what scorecards say of entities: ``{entity id: {identifier: {"level", "rules"}}}``.

    `level` is a title; `rules` are ``{"identifier", "status", "level"}`` in the order of the
    scorecard, with the status SUCCESS or FAILURE; those that are skipped, or were not looked at
    yet, are left out. So are entities that nothing grades. Five queries, however many there are.

    Entities with the same results share what is returned: it is there to be shown, not to be
    changed.
    """
    blueprints = {entity.pk: entity.blueprint_id for entity in entities}
    found = _evaluations(blueprints)
    if not found:
        return {}
    graders = _graders({scorecard_id for _, scorecard_id, *_ in found})
    # One that was deleted between the two queries says nothing any more.
    found = [row for row in found if row[1] in graders]
    names = names_of(
        {(blueprints[entity_id], scorecard_id) for entity_id, scorecard_id, *_ in found},
        identifiers={key: grader.identifier for key, grader in graders.items()},
        given=given_names(blueprints.values()),
    )
    shown: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    for entity_id, scorecard_id, *verdict in found:
        name = names[blueprints[entity_id], scorecard_id]
        shown[entity_id][name] = graders[scorecard_id].shown(tuple(verdict))
    return dict(shown)


class Verdict(NamedTuple):
    """What an evaluation holds: a level, and which rules passed, were skipped, were there."""

    level_id: int | None
    passed: int
    skipped: int
    newest_rule_id: int


def _evaluations(entity_ids: Iterable[int]) -> list[tuple[Any, ...]]:
    """Return the ids of entities and of scorecards, each with the verdict, as plain tuples."""
    rows = Evaluation.objects.filter(
        IsAmong("entity_id", entity_ids), scorecard__status=Scorecard.Status.PUBLISHED
    ).order_by("scorecard__identifier")
    return list(rows.values_list("entity_id", "scorecard_id", *Verdict._fields))


@dataclass(frozen=True)
class _Grader:
    """A scorecard, ready to put verdicts into words; it remembers them, for they repeat."""

    identifier: str
    levels: Mapping[int, str]
    rules: Sequence[Rule]
    told: dict[tuple[Any, ...], dict[str, Any]]

    def shown(self, verdict: tuple[Any, ...]) -> dict[str, Any]:
        if verdict not in self.told:
            self.told[verdict] = self._tell(Verdict(*verdict))
        return self.told[verdict]

    def _tell(self, verdict: Verdict) -> dict[str, Any]:
        # Without a level while its own is being taken away: that of the floor.
        floor = next(iter(self.levels.values()), "")
        rules = [
            {
                "identifier": rule.identifier,
                "status": SUCCESS if verdict.passed >> rule.bit & 1 else FAILURE,
                "level": self.levels.get(rule.level_id, floor),
            }
            for rule in self.rules
            if not verdict.skipped >> rule.bit & 1 and rule.pk <= verdict.newest_rule_id
        ]
        return {"level": self.levels.get(verdict.level_id or 0, floor), "rules": rules}


def _graders(scorecard_ids: Iterable[int]) -> dict[int, _Grader]:
    rows = (
        Scorecard.objects.filter(id__in=scorecard_ids)
        .only("identifier")
        .prefetch_related(
            Prefetch("levels", Level.objects.order_by("rank", "id")),
            Prefetch("rules", Rule.objects.order_by("position", "id")),
        )
    )
    return {
        row.pk: _Grader(
            identifier=row.identifier,
            levels={level.pk: level.title for level in row.levels.all()},
            rules=list(row.rules.all()),
            told={},
        )
        for row in rows
    }
