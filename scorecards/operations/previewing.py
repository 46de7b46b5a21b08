"""What an edited scorecard would change, worked out without saving anything."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from catalog.bulk import chunks, decode, raw_json
from catalog.conditions import parse as parse_query
from catalog.models import Entity
from scorecards.documents import ScorecardDocument
from scorecards.evaluation import (
    Masks,
    Program,
    Reported,
    RuleSpec,
    ScorecardSpec,
    compile_scorecard,
    with_exempt,
)
from scorecards.models import Evaluation, Exemption, Outcome, RuleChange, Scorecard
from scorecards.operations.editing import owners_of, parsed
from scorecards.operations.recording import result

CHUNK = 1_000
# How many of the entities that would move are named; all of them are counted.
NAMED = 200
# The level of an entity that a scorecard does not grade.
UNGRADED = ""


@dataclass(frozen=True)
class EntityMove:
    """An entity that would move; a level of "" means: not graded."""

    blueprint: str
    identifier: str
    title: str
    from_level: str
    to_level: str


@dataclass(frozen=True)
class LevelMove:
    """How many entities would move from one level to another."""

    from_level: str
    to_level: str
    count: int


@dataclass(frozen=True)
class RuleImpact:
    """How many entities would pass and fail a rule, and how many did. New rules had none."""

    identifier: str
    passed_before: int
    passed_after: int
    failed_before: int
    failed_after: int


@dataclass(frozen=True)
class Preview:
    """What saving would do: to how many entities, which of them move, and how each rule fares."""

    entity_count: int
    moved_count: int
    levels: list[LevelMove]
    rules: list[RuleImpact]
    entities: list[EntityMove]


def preview_scorecard(*, definition: Mapping[str, Any], now: datetime) -> Preview:
    """Evaluate an unsaved scorecard document against every entity; write nothing.

    Compares with what is stored for the scorecard of that identifier, if there is one. Raises
    `Invalid` for what saving would refuse.
    """
    document = parsed(definition)
    owners_of([rule.owner for rule in document.rules])
    stored = Scorecard.objects.filter(identifier=document.identifier).with_parts().first()
    trial = _Trial(document, stored, now)
    for chunk in chunks(_ids(document, stored), CHUNK):
        trial.run(chunk)
    return trial.preview()


def _ids(document: ScorecardDocument, stored: Scorecard | None) -> Iterator[int]:
    """Return the entities that are graded now or would be."""
    blueprints = set(document.blueprints)
    if stored is not None:
        blueprints |= {row.identifier for row in stored.blueprints.all()}
    rows = Entity.objects.filter(blueprint__identifier__in=blueprints).order_by("id")
    return rows.values_list("id", flat=True).iterator(chunk_size=CHUNK)


class _Trial:
    """The counts of one preview while it goes through the entities."""

    def __init__(
        self, document: ScorecardDocument, stored: Scorecard | None, now: datetime
    ) -> None:
        self.document = document
        self.stored = stored
        self.now = now
        self.program = _program(document)
        self.levels: Counter[tuple[str, str]] = Counter()
        self.results: Counter[tuple[str, str, str]] = Counter()
        self.named: list[EntityMove] = []
        self.entity_count = 0
        self.renamed = _renamed(document, stored) if stored else {}
        self.old_bits = {rule.identifier: rule.bit for rule in stored.rules.all()} if stored else {}

    def run(self, ids: list[int]) -> None:
        """Evaluate a chunk of entities."""
        held = {
            row.entity_id: row
            for row in Evaluation.objects.filter(
                entity_id__in=ids, scorecard=self.stored
            ).select_related("level")
        }
        reported, exempt = self._reported(ids), self._exempt(ids)
        rows = Entity.objects.filter(id__in=ids).annotate(raw=raw_json("facts")).order_by("id")
        for id_, raw in rows.values_list("id", "raw"):
            facts = decode(raw)
            masks = self._masks(facts, reported[id_])
            if masks is not None and id_ in exempt:
                masks = with_exempt(masks, exempt[id_])
            self._compare(facts, held.get(id_), masks)

    def _reported(self, ids: list[int]) -> dict[int, Reported]:
        """Return what is reported for rules that the document knows by the same identifier."""
        bits = self._bits
        reported: dict[int, Reported] = defaultdict(Reported)
        rows = Outcome.objects.filter(entity_id__in=ids, rule__scorecard=self.stored)
        for id_, rule, state in rows.values_list("entity_id", "rule__identifier", "state"):
            reported[id_] = reported[id_].with_state(bits.get(rule, 0), state)
        return reported

    def _exempt(self, ids: list[int]) -> dict[int, int]:
        """Return the bits of the rules that entities are exempt from, likewise."""
        exempt: dict[int, int] = defaultdict(int)
        rows = Exemption.objects.live().filter(
            entity_id__in=ids, rule__scorecard=self.stored, rule__identifier__in=self._bits
        )
        for id_, rule in rows.values_list("entity_id", "rule__identifier"):
            exempt[id_] |= self._bits[rule]
        return exempt

    @cached_property
    def _bits(self) -> dict[str, int]:
        return {rule.identifier: 1 << bit for bit, rule in enumerate(self.document.rules)}

    def _compare(self, facts: dict[str, Any], held: Evaluation | None, masks: Masks | None) -> None:
        self.entity_count += 1
        before = held.level.title if held and held.level else UNGRADED
        before = self.renamed.get(before, before)
        after = UNGRADED
        if masks is not None:
            after = self.document.levels[self.program.rank(masks)][0]
            for bit, rule in enumerate(self.document.rules):
                self.results[rule.identifier, "after", result(masks, bit)] += 1
        if held is not None:
            old = Masks(held.passed, held.skipped)
            for identifier, bit in self.old_bits.items():
                self.results[identifier, "before", result(old, bit)] += 1
        if before != after:
            self.levels[before, after] += 1
            self._name(facts, before, after)

    def _masks(self, facts: dict[str, Any], reported: Reported) -> Masks | None:
        is_published = self.document.status == Scorecard.Status.PUBLISHED
        if not is_published or facts["$blueprint"] not in self.document.blueprints:
            return None
        return self.program.masks(facts, now=self.now, reported=reported)

    def _name(self, facts: dict[str, Any], before: str, after: str) -> None:
        if len(self.named) < NAMED:
            self.named.append(
                EntityMove(
                    blueprint=facts["$blueprint"],
                    identifier=facts["$identifier"],
                    title=facts["$title"],
                    from_level=before,
                    to_level=after,
                )
            )

    def preview(self) -> Preview:
        """Return what was found."""
        return Preview(
            entity_count=self.entity_count,
            moved_count=self.levels.total(),
            levels=[LevelMove(*pair, count) for pair, count in sorted(self.levels.items())],
            rules=[self._impact(rule.identifier) for rule in self.document.rules],
            entities=self.named,
        )

    def _impact(self, rule: str) -> RuleImpact:
        passed, failed = RuleChange.Result.PASS, RuleChange.Result.FAIL
        return RuleImpact(
            identifier=rule,
            passed_before=self.results[rule, "before", passed],
            passed_after=self.results[rule, "after", passed],
            failed_before=self.results[rule, "before", failed],
            failed_after=self.results[rule, "after", failed],
        )


def _renamed(document: ScorecardDocument, stored: Scorecard) -> dict[str, str]:
    """Return old level titles by which saving will know a level under its new title."""
    old = {level.rank: level.title for level in stored.levels.all()}
    new = dict(enumerate(title for title, _ in document.levels))
    return {
        old[rank]: new[rank]
        for rank in old.keys() & new.keys()
        if old[rank] not in new.values() and new[rank] not in old.values()
    }


def _program(document: ScorecardDocument) -> Program:
    ranks = {title: rank for rank, (title, _) in enumerate(document.levels)}
    return compile_scorecard(
        ScorecardSpec(
            rules=tuple(
                RuleSpec(
                    bit=bit,
                    rank=ranks[rule.level],
                    query=parse_query(rule.query) if rule.query is not None else None,
                    filter=parse_query(rule.filter) if rule.filter else None,
                    evidence=parse_query(rule.evidence) if rule.evidence else None,
                    in_force_from=rule.in_force_from,
                    is_enabled=rule.is_enabled,
                )
                for bit, rule in enumerate(document.rules)
            ),
            filter=parse_query(document.filter) if document.filter else None,
        )
    )
