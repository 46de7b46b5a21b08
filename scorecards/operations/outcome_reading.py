"""Reading what is reported, by names, into the ids of rules and entities; or saying what is wrong.

Whatever is in the catalog can be reported about, graded or not: an outcome outlives the scope of
its rule, and counts as soon as that is wide enough.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from catalog.bulk import chunks
from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, Entity
from catalog.storable import storable_faults
from scorecards.models import Rule, RuleChange, Scorecard
from scorecards.operations.counting import lock_entities

MAX_REMARK = 5_000

# The ids of a rule and an entity.
Pair = tuple[int, int]
# A blueprint and an entity of it, by identifier.
Name = tuple[str, str]


class Said(NamedTuple):
    """What is reported about a pair: PASS, FAIL or SKIP, and a remark."""

    state: str
    remark: str


@dataclass(frozen=True)
class OutcomeReport:
    """What is reported about one entity for one rule; `state` is pass, fail or skip, in any case.

    Scorecard, rule, blueprint and entity are named by identifier.
    """

    rule: str
    blueprint: str
    entity: str
    state: str
    remark: str = ""
    # May be left out where the reports are of one scorecard, which is then said once.
    scorecard: str = ""


def read_reports(
    reports: Sequence[OutcomeReport],
    *,
    scorecard: Scorecard | None = None,
    most: int,
    is_locking: bool = False,
) -> dict[Pair, Said]:
    """Return what reports say, by the ids of rule and entity; the last one about a pair holds.

    With `is_locking` nobody else evaluates or deletes the entities until the transaction ends.
    Raises `Invalid` with paths such as ``outcomes[3].rule``, also for more than `most`.
    """
    if len(reports) > most:
        message = f"{len(reports):,} are too many: send at most {most:,} in one call"
        raise Invalid.at("outcomes", message)
    # Before anything is looked up: no database takes a NUL even in a question.
    faults = storable_faults({"outcomes": [vars(report) for report in reports]})
    if faults:
        raise Invalid(faults)
    reader = _Reader(reports, scorecard, is_locking=is_locking)
    faults = [
        fault.under(f"outcomes[{index}]")
        for index, report in enumerate(reports)
        for fault in reader.faults(report)
    ]
    if faults:
        raise Invalid(faults)
    return {reader.pair(report): Said(report.state.upper(), report.remark) for report in reports}


def said_faults(state: str, remark: str) -> Iterator[Fault]:
    """Yield what is wrong with a state and a remark, whoever sends them."""
    if state.upper() not in RuleChange.Result.values:
        yield Fault("state", "give pass, fail or skip")
    if len(remark) > MAX_REMARK:
        length = f"{len(remark):,} characters"
        yield Fault("remark", f"holds {length}; send at most {MAX_REMARK:,}")


class _Reader:
    """What reports may name: the reported rules of their scorecards, and whatever there is."""

    def __init__(
        self, reports: Sequence[OutcomeReport], scorecard: Scorecard | None, *, is_locking: bool
    ) -> None:
        self._default = scorecard.identifier if scorecard else ""
        named = {report.scorecard or self._default for report in reports}
        self._rules: dict[str, dict[str, Rule]] = {
            row.identifier: {rule.identifier: rule for rule in row.rules.all()}
            for row in Scorecard.objects.filter(identifier__in=named).prefetch_related("rules")
        }
        self._blueprints = dict(
            Blueprint.objects.filter(
                identifier__in={report.blueprint for report in reports}
            ).values_list("identifier", "id")
        )
        self._entities = self._found(reports)
        if is_locking:
            there = set(lock_entities(self._entities.values()))
            self._entities = {name: id_ for name, id_ in self._entities.items() if id_ in there}

    def _found(self, reports: Iterable[OutcomeReport]) -> dict[Name, int]:
        """Return the ids of the entities by their names."""
        named: dict[str, set[str]] = defaultdict(set)
        for report in reports:
            named[report.blueprint].add(report.entity)
        found = {}
        for blueprint, owner in self._blueprints.items():
            for names in chunks(sorted(named[blueprint])):
                rows = Entity.objects.filter(blueprint_id=owner, identifier__in=names)
                for id_, identifier in rows.values_list("id", "identifier"):
                    found[blueprint, identifier] = id_
        return found

    def pair(self, report: OutcomeReport) -> Pair:
        """Return the ids of the rule and the entity of a report without fault."""
        rule = self._rules[report.scorecard or self._default][report.rule]
        return rule.pk, self._entities[report.blueprint, report.entity]

    def faults(self, report: OutcomeReport) -> Iterator[Fault]:
        """Yield everything wrong with a report."""
        scorecard = report.scorecard or self._default
        rules = self._rules.get(scorecard)
        if rules is None:
            message = f"there is no scorecard '{scorecard}'" if scorecard else "name a scorecard"
            yield Fault("scorecard", message, is_missing=bool(scorecard))
        elif report.rule not in rules or not rules[report.rule].is_reported:
            yield Fault("rule", _not_reported(report.rule, scorecard, rules))
        if report.blueprint not in self._blueprints:
            message = f"there is no blueprint '{report.blueprint}'"
            yield Fault("blueprint", message, is_missing=True)
        elif (report.blueprint, report.entity) not in self._entities:
            message = f"there is no {report.blueprint} '{report.entity}'; create it first"
            yield Fault("entity", message, is_missing=True)
        yield from said_faults(report.state, report.remark)


def _not_reported(name: str, scorecard: str, rules: dict[str, Rule]) -> str:
    if name in rules:
        return f"'{name}' has a query of its own; set that to null to report its results"
    reported: Collection[str] = sorted(key for key, rule in rules.items() if rule.is_reported)
    close = get_close_matches(name, reported, n=1)
    names = ", ".join(reported) or "none"
    hint = f"did you mean '{close[0]}'?" if close else f"reported are: {names}"
    return f"'{scorecard}' has no rule '{name}'; {hint}"
