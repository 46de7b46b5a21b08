"""Compiled scorecards, kept in this process for as long as nobody edits them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from catalog.conditions import parse
from scorecards.evaluation import (
    Bundle,
    Program,
    RuleSpec,
    ScorecardSpec,
    compile_scorecard,
    compile_scorecards,
)
from scorecards.models import Level, Rule, Scorecard


@dataclass(frozen=True)
class LevelInfo:
    """A level, as results name it."""

    id: int
    title: str
    rank: int


@dataclass(frozen=True)
class RuleInfo:
    """A rule, as results name it."""

    id: int
    bit: int
    created_at: datetime


@dataclass(frozen=True)
class CompiledScorecard:
    """A scorecard ready to evaluate. `levels` are by rank; `levels_by_id` has removed ones too."""

    id: int
    version: int
    program: Program
    levels: dict[int, LevelInfo]
    levels_by_id: dict[int, LevelInfo]
    rules: tuple[RuleInfo, ...]

    @cached_property
    def last_rule_at(self) -> datetime | None:
        """Return when the youngest rule was made."""
        return max((rule.created_at for rule in self.rules), default=None)

    @cached_property
    def shape(self) -> int:
        """Return a number for everything but the queries that a stored evaluation depends on.

        The levels, which rule stands where, and when the youngest rule came: the same masks mean
        the same level and the same results as long as it is the same.
        """
        youngest = int(self.last_rule_at.timestamp() * 1e6) if self.last_rule_at else 0
        levels = tuple((level.rank, level.id) for level in self.levels.values())
        rules = tuple((rule.bit, rule.rank) for rule in self.program.spec.rules)
        return hash((self.id, youngest, levels, rules))


BUNDLES_KEPT = 64
_kept: dict[int, CompiledScorecard] = {}
_bundles: dict[tuple[tuple[int, int], ...], Bundle] = {}


def for_blueprint(blueprint: str) -> list[CompiledScorecard]:
    """Return the published scorecards that grade a blueprint; one query where none was edited."""
    rows = Scorecard.objects.published().filter(blueprints__identifier=blueprint)
    return of_versions(rows.order_by("id").values_list("id", "version"))


def of_versions(versions: Iterable[tuple[int, int]]) -> list[CompiledScorecard]:
    """Return the compiled scorecards with these ids at these versions."""
    versions = list(versions)
    missing = [id_ for id_, version in versions if _version_kept(id_) != version]
    if missing:
        for scorecard in Scorecard.objects.filter(id__in=missing).prefetch_related(
            "levels", "rules__level"
        ):
            _kept[scorecard.pk] = compiled(scorecard)
    return [_kept[id_] for id_, _ in versions]


def bundle_of(scorecards: Sequence[CompiledScorecard]) -> Bundle:
    """Return the one program that evaluates all of these at once."""
    key = tuple((scorecard.id, scorecard.version) for scorecard in scorecards)
    if key not in _bundles:
        if len(_bundles) >= BUNDLES_KEPT:
            _bundles.clear()
        _bundles[key] = compile_scorecards(scorecard.program.spec for scorecard in scorecards)
    return _bundles[key]


def _version_kept(scorecard_id: int) -> int | None:
    kept = _kept.get(scorecard_id)
    return kept.version if kept else None


def compiled(scorecard: Scorecard) -> CompiledScorecard:
    """Compile a scorecard whose levels and rules are loaded."""
    rules = sorted(scorecard.rules.all(), key=lambda rule: rule.bit)
    return CompiledScorecard(
        id=scorecard.pk,
        version=scorecard.version,
        program=compile_scorecard(
            ScorecardSpec(
                rules=tuple(map(_rule_spec, rules)),
                filter=parse(scorecard.filter) if scorecard.filter else None,
            )
        ),
        levels={level.rank: _level_info(level) for level in scorecard.levels.all()},
        levels_by_id={level.pk: _level_info(level) for level in scorecard.levels.all()},
        rules=tuple(RuleInfo(rule.pk, rule.bit, rule.created_at) for rule in rules),
    )


def _rule_spec(rule: Rule) -> RuleSpec:
    return RuleSpec(
        bit=rule.bit,
        rank=rule.level.rank,
        query=parse(rule.query),
        filter=parse(rule.filter) if rule.filter else None,
        in_force_from=rule.in_force_from,
        is_enabled=rule.is_enabled,
    )


def _level_info(level: Level) -> LevelInfo:
    return LevelInfo(level.pk, level.title, level.rank)
