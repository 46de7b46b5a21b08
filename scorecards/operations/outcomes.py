"""Keeping what is reported from outside about entities, for the rules that have no query."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from django.db import transaction
from django.db.models import Q

from catalog.bulk import chunks, insert_rows
from catalog.errors import Fault, Invalid
from catalog.models import Change, Entity
from catalog.operations import history
from catalog.storable import storable_faults
from portal.permissions import Actor
from scorecards.models import Outcome, Rule, RuleChange, Scorecard
from scorecards.operations.evaluating import evaluate_reported

MAX_REPORTS = 5_000
MAX_REMARK = 5_000

# The ids of a rule and an entity; a state and a remark.
Pair = tuple[int, int]
Said = tuple[str, str]


@dataclass(frozen=True)
class OutcomeReport:
    """What is reported about one entity for one rule; `state` is pass, fail or skip, in any case.

    Rule, blueprint and entity are named by identifier.
    """

    rule: str
    blueprint: str
    entity: str
    state: str
    remark: str = ""


@dataclass(frozen=True)
class Receipt:
    """What became of reports: how many outcomes are new, changed, and as they were."""

    created: int
    updated: int
    unchanged: int


@transaction.atomic
def report_outcomes(
    *, scorecard: Scorecard, reports: Sequence[OutcomeReport], by: Actor, now: datetime
) -> Receipt:
    """Keep what is reported for rules of a scorecard, and evaluate the entities it is about.

    All of it or nothing: raises `Invalid` with paths such as ``outcomes[3].rule``. Of two reports
    about the same the last one holds; one that says what is known writes nothing.
    """
    wanted = _read(scorecard, reports)
    stored = _stored(wanted)
    news = {pair: said for pair, said in wanted.items() if stored.get(pair) != said}
    rows = [(*pair, *said, now, by.label) for pair, said in news.items()]
    insert_rows(Outcome, rows, fields=_WRITTEN, unique=("rule_id", "entity_id"))
    moved = {pair[1] for pair, said in news.items() if _state(stored.get(pair)) != said[0]}
    if moved:
        evaluate_reported(entity_ids=moved, now=now)
    created = sum(1 for pair in news if pair not in stored)
    return Receipt(created=created, updated=len(news) - created, unchanged=len(wanted) - len(news))


_WRITTEN = ("rule_id", "entity_id", "state", "remark", "reported_at", "reported_by")


def _state(said: Said | None) -> str | None:
    return said[0] if said else None


def _stored(wanted: Collection[Pair]) -> dict[Pair, Said]:
    rows = Outcome.objects.filter(
        rule_id__in={rule for rule, _ in wanted}, entity_id__in={entity for _, entity in wanted}
    )
    return {
        (rule, entity): (state, remark)
        for rule, entity, state, remark in rows.values_list(
            "rule_id", "entity_id", "state", "remark"
        )
    }


def _read(scorecard: Scorecard, reports: Sequence[OutcomeReport]) -> dict[Pair, Said]:
    """Return what the reports say, by the ids of rule and entity; raises `Invalid`."""
    if len(reports) > MAX_REPORTS:
        message = f"{len(reports):,} are too many: send at most {MAX_REPORTS:,} in one call"
        raise Invalid.at("outcomes", message)
    # Before anything is looked up: no database takes a NUL even in a question.
    faults = storable_faults({"outcomes": [vars(report) for report in reports]})
    if faults:
        raise Invalid(faults)
    reader = _Reader(scorecard, reports)
    faults = [
        fault.under(f"outcomes[{index}]")
        for index, report in enumerate(reports)
        for fault in reader.faults(report)
    ]
    if faults:
        raise Invalid(faults)
    return {reader.pair(report): (report.state.upper(), report.remark) for report in reports}


class _Reader:
    """What reports may name: the rules of the scorecard, and the entities that it grades."""

    def __init__(self, scorecard: Scorecard, reports: Sequence[OutcomeReport]) -> None:
        self.scorecard = scorecard.identifier
        self.rules: Mapping[str, Rule] = {rule.identifier: rule for rule in scorecard.rules.all()}
        self.reported = sorted(name for name, rule in self.rules.items() if rule.is_reported)
        self.blueprints = {row.identifier: row.pk for row in scorecard.blueprints.all()}
        self.entities = self._locked(reports)

    def _locked(self, reports: Sequence[OutcomeReport]) -> dict[tuple[str, str], int]:
        """Return the ids of the entities, which nobody else evaluates or deletes until the end.

        In one order: two batches that overlap wait for each other instead of dead-locking.
        """
        named = Q(pk__in=[])
        for blueprint, id_ in self.blueprints.items():
            names = {report.entity for report in reports if report.blueprint == blueprint}
            if names:
                named |= Q(blueprint_id=id_, identifier__in=names)
        rows = Entity.objects.filter(named).order_by("id")
        locked = rows.select_for_update(of=("self",), no_key=True)
        return {
            (blueprint, identifier): id_
            for id_, blueprint, identifier in locked.values_list(
                "id", "blueprint__identifier", "identifier"
            )
        }

    def pair(self, report: OutcomeReport) -> Pair:
        """Return the ids of the rule and the entity of a report without fault."""
        return self.rules[report.rule].pk, self.entities[report.blueprint, report.entity]

    def faults(self, report: OutcomeReport) -> Iterator[Fault]:
        """Yield everything wrong with a report."""
        if report.rule not in self.reported:
            yield Fault("rule", self._not_reported(report.rule))
        if report.blueprint not in self.blueprints:
            yield Fault("blueprint", self._not_graded(report.blueprint))
        elif (report.blueprint, report.entity) not in self.entities:
            message = f"there is no {report.blueprint} '{report.entity}'; create it first"
            yield Fault("entity", message, is_missing=True)
        if report.state.upper() not in RuleChange.Result.values:
            yield Fault("state", "give pass, fail or skip")
        if len(report.remark) > MAX_REMARK:
            length = f"{len(report.remark):,} characters"
            yield Fault("remark", f"holds {length}; send at most {MAX_REMARK:,}")

    def _not_reported(self, name: str) -> str:
        if name in self.rules:
            return f"'{name}' has a query of its own; set that to null to report its results"
        close = get_close_matches(name, self.reported, n=1)
        names = ", ".join(self.reported) or "none"
        hint = f"did you mean '{close[0]}'?" if close else f"reported are: {names}"
        return f"'{self.scorecard}' has no rule '{name}'; {hint}"

    def _not_graded(self, blueprint: str) -> str:
        names = ", ".join(sorted(self.blueprints))
        return f"'{self.scorecard}' does not grade '{blueprint}'; choose one of {names}"


@transaction.atomic
def withdraw_outcomes(*, outcome_ids: Collection[int], by: Actor, now: datetime) -> int:
    """Delete outcomes, so that nothing is reported there any more; return how many went."""
    count = 0
    for chunk in chunks(sorted(outcome_ids)):
        rows = Outcome.objects.filter(id__in=chunk)
        # As those who report: first the entities, in one order, then the outcomes.
        entities = Entity.objects.filter(pk__in=rows.values("entity_id")).order_by("id")
        ids = list(entities.select_for_update(no_key=True).values_list("id", flat=True))
        history.record([_withdrawal(row, by=by, now=now) for row in rows.with_names()])
        count += rows.delete()[0]
        evaluate_reported(entity_ids=ids, now=now)
    return count


def _withdrawal(outcome: Outcome, *, by: Actor, now: datetime) -> Change:
    """Return the audit row: who reported stands in the outcome, which is gone."""
    return history.change(
        kind="outcome",
        blueprint=outcome.entity.blueprint.identifier,
        identifier=outcome.entity.identifier,
        before={
            "scorecard": outcome.rule.scorecard.identifier,
            "rule": outcome.rule.identifier,
            "state": outcome.state,
            "remark": outcome.remark,
            "reported_by": outcome.reported_by,
        },
        after={},
        by=by,
        now=now,
    )
