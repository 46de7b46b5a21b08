"""Compiled scorecards, kept in this process for as long as nobody edits them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from catalog.conditions import parse
from catalog.models import OWNERSHIP
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
    def bits(self) -> int:
        """Return the bits of all rules."""
        return sum(1 << rule.bit for rule in self.rules)

    @cached_property
    def reported_ids(self) -> dict[int, int]:
        """Return the bits of the reported rules by their ids."""
        return {rule.id: rule.bit for rule in self.rules if self.program.reported >> rule.bit & 1}

    @cached_property
    def newest_rule_id(self) -> int:
        """Return the id of the rule that was made last."""
        return max((rule.id for rule in self.rules), default=0)

    def known(self, newest_rule_id: int) -> int:
        """Return the bits of the rules that an evaluation speaks of which saw rules up to this."""
        if newest_rule_id >= self.newest_rule_id:
            return self.bits
        return sum(1 << rule.bit for rule in self.rules if rule.id <= newest_rule_id)

    @cached_property
    def shape(self) -> int:
        """Return a number for everything but the queries that a stored evaluation depends on.

        The levels, which rule stands where, and which came last: the same masks mean the same
        level and the same results as long as it is the same.
        """
        levels = tuple((level.rank, level.id) for level in self.levels.values())
        rules = tuple((rule.bit, rule.rank) for rule in self.program.spec.rules)
        return hash((self.id, self.newest_rule_id, levels, rules))


BUNDLES_KEPT = 64
_kept: dict[int, CompiledScorecard] = {}
_bundles: dict[tuple[tuple[int, int], ...], Bundle] = {}


def for_blueprint(blueprint: str) -> list[CompiledScorecard]:
    """Return the published scorecards that grade a blueprint; one query where none was edited."""
    return for_blueprints([blueprint])[blueprint]


def for_blueprints(blueprints: Iterable[str]) -> dict[str, list[CompiledScorecard]]:
    """Return the published scorecards that grade each blueprint; one query likewise."""
    versions: dict[str, list[tuple[int, int]]] = {name: [] for name in blueprints}
    rows = Scorecard.objects.published().filter(blueprints__identifier__in=list(versions))
    for name, *version in rows.order_by("id").values_list(
        "blueprints__identifier", "id", "version"
    ):
        versions[name].append((version[0], version[1]))
    return {name: of_versions(found) for name, found in versions.items()}


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
    """Return the one program that evaluates all of these at once, and reads off the owners."""
    key = tuple((scorecard.id, scorecard.version) for scorecard in scorecards)
    if key not in _bundles:
        if len(_bundles) >= BUNDLES_KEPT:
            _bundles.clear()
        specs = [scorecard.program.spec for scorecard in scorecards]
        _bundles[key] = compile_scorecards(specs, beside=OWNERSHIP)
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
        rules=tuple(RuleInfo(rule.pk, rule.bit) for rule in rules),
    )


def _rule_spec(rule: Rule) -> RuleSpec:
    return RuleSpec(
        bit=rule.bit,
        rank=rule.level.rank,
        query=None if rule.query is None else parse(rule.query),
        filter=parse(rule.filter) if rule.filter else None,
        evidence=parse(rule.evidence) if rule.evidence else None,
        in_force_from=rule.in_force_from,
        is_enabled=rule.is_enabled,
    )


def _level_info(level: Level) -> LevelInfo:
    return LevelInfo(level.pk, level.title, level.rank)
