"""Scores are what the definitions say, worked out here once more from every single result.

The oracle knows nothing of masks, counters or SQL: it has a list of (entity, rule, result), adds up
by the definitions, and has to come to the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entities
from scorecards import operations
from scorecards.models import Evaluation, Outcome, Rule, Scorecard
from scorecards.operations import OutcomeReport
from scorecards.score_lists import SORTS, Aggregation, ScoreList, figures
from scorecards.scores import Members, Score, share, together
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)

pytestmark = pytest.mark.django_db

EVERYTHING = slice(0, 1_000)
TEAMS = ("core", "web", "data")


@dataclass(frozen=True)
class Result:
    """What is known of one pair: "pass", "fail" or "skip", or None where nothing is."""

    entity: "Thing"
    scorecard: str
    rule: str
    state: str | None


@dataclass(frozen=True)
class Thing:
    """An entity of the oracle."""

    name: str
    kind: str
    tier: int
    teams: tuple[str, ...]


def oracle(results: Iterable[Result], key: Callable[[Result], Any]) -> dict[Any, dict[str, Any]]:
    """Return the scores by a key: passes over passes and failures, all else left out."""
    groups = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    return {name: shown(Counter(item.state for item in group)) for name, group in groups.items()}


def shown(states: Counter) -> dict[str, Any]:
    counted = states["pass"] + states["fail"]
    return {
        "score": Fraction(states["pass"], counted) if counted else None,
        "numerator": states["pass"],
        "denominator": counted,
        "total_pass": states["pass"],
        "total_fail": states["fail"],
        "total_skip": states["skip"],
        "total_no_data": states[None],
    }


def oracle_of_groups(
    results: Iterable[Result], groups_of: Callable[[Thing], Iterable[str]]
) -> dict[str, dict[str, Any]]:
    """Return the scores of groups: the mean of the members' own scores, of those that have one."""
    own = oracle(results, lambda item: item.entity)
    members = defaultdict(list)
    for thing, score in own.items():
        for group in groups_of(thing):
            members[group].append(score)
    found = {}
    for group, scores in members.items():
        sums = {name: sum(score[name] for score in scores) for name in shown(Counter())
                if name != "score"}  # fmt: skip
        shares = [score["score"] for score in scores if score["score"] is not None]
        sums["score"] = sum(shares, Fraction(0)) / len(shares) if shares else None
        found[group] = sums
    return found


STATES = st.sampled_from(["pass", "fail", "skip", None])
THINGS = st.lists(
    st.tuples(
        st.sampled_from(["service", "job"]),
        st.integers(1, 3),
        st.sets(st.sampled_from(TEAMS), max_size=2).map(lambda names: tuple(sorted(names))),
    ),
    min_size=1,
    max_size=8,
)
# Whether a rule is enabled, whether it is reported, and the tier up to which it is about entities.
RULES = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 3)), min_size=1, max_size=4)
CARDS = st.lists(st.tuples(RULES, st.sets(st.sampled_from(["service", "job"]), min_size=1)),
                 min_size=1, max_size=3)  # fmt: skip


@given(data=st.data(), things=THINGS, cards=CARDS)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_scores_are_what_the_definitions_say(data, things, cards):
    try:
        make_world(things)
        results = []
        for number, (rules, kinds) in enumerate(cards):
            results += grade(data, f"card_{number}", rules, kinds, entities(things))
        require_scores(results, sort=data.draw(st.sampled_from(SORTS)))
    finally:
        forget()


def entities(things) -> list[Thing]:
    return [
        Thing(f"thing-{number}", kind, tier, teams)
        for number, (kind, tier, teams) in enumerate(things)
    ]


def make_world(things) -> None:
    for name in ("service", "job"):
        make_blueprint(name)
    for team in TEAMS:
        make_team(team)
    for thing in entities(things):
        make_entity(thing.name, blueprint=thing.kind, properties={"tier": thing.tier},
                    team=list(thing.teams))  # fmt: skip


def grade(data, card: str, rules, kinds, things: list[Thing]) -> list[Result]:
    """Save a scorecard, report for its reported rules, and return what there is to know of it."""
    documents = [
        rule_document(
            f"rule_{index}",
            is_enabled=is_enabled,
            query=None if is_reported else condition("tier", "<=", 1),
            filter=condition("tier", "<=", limit),
        )
        for index, (is_enabled, is_reported, limit) in enumerate(rules)
    ]
    make_scorecard(card, blueprints=sorted(kinds), rules=documents)
    results, reports = [], []
    for index, (is_enabled, is_reported, limit) in enumerate(rules):
        for thing in things:
            state = data.draw(STATES) if is_reported else None
            if state:
                # About all of them, in scope or not.
                reports.append(
                    OutcomeReport(f"rule_{index}", thing.kind, thing.name, state, scorecard=card)
                )
            if thing.kind not in kinds or not is_enabled:
                continue
            if not is_reported:
                state = "pass" if thing.tier <= 1 else "fail"
            if thing.tier > limit:
                # Left out by the rule: of what was never reported nothing is known all the same.
                state = "skip" if state else None
            results.append(Result(thing, card, f"rule_{index}", state))
    operations.report_outcomes(reports=reports, by=TESTER, now=NOW)
    return results


def forget() -> None:
    """Delete what one example made: they share a transaction."""
    Scorecard.objects.all().delete()
    Entity.objects.exclude(blueprint__identifier__startswith="_").delete()


def require_scores(results: list[Result], *, sort: str) -> None:
    rules = list(Rule.objects.select_related("scorecard", "level"))

    def rows(aggregation: Aggregation, sort: str = "") -> list[Any]:
        return ScoreList(aggregation, rules, sort=sort)[EVERYTHING]

    def found(aggregation: Aggregation, *names: str) -> dict[Any, dict[str, Any]]:
        return {tuple(getattr(row, name) for name in names): numbers(row.score)
                for row in rows(aggregation)}  # fmt: skip

    def same(left: dict, right: dict, *, has_more: bool = False) -> None:
        blank = shown(Counter())
        if has_more:
            right = {key: right.get(key, blank) for key in left.keys() | right.keys()}
        assert left.keys() == right.keys()
        for key, values in right.items():
            expected = {**values, "score": values["score"] and float(values["score"])}
            assert left[key] == pytest.approx(expected), key

    same(
        found(Aggregation.ENTITY, "identifier"),
        oracle(results, lambda item: (item.entity.name,)),
    )
    # Rules and scorecards that grade nothing are listed, with nothing.
    same(
        found(Aggregation.RULE, "scorecard", "identifier"),
        oracle(results, lambda item: (item.scorecard, item.rule)),
        has_more=True,
    )
    same(
        found(Aggregation.SCORECARD, "identifier"),
        oracle(results, lambda item: (item.scorecard,)),
        has_more=True,
    )
    same(
        found(Aggregation.KIND, "identifier"),
        oracle_of_groups(results, lambda thing: [(thing.kind,)]),
    )
    same(
        found(Aggregation.TEAM, "identifier"),
        oracle_of_groups(results, lambda thing: [(team,) for team in thing.teams]),
    )
    for aggregation in Aggregation:
        require_order(rows(aggregation, sort), sort, is_rising=True)
        require_order(rows(aggregation, f"-{sort}"), sort, is_rising=False)


def require_order(rows: list[Any], sort: str, *, is_rising: bool) -> None:
    values = [figures(row.score)[sort] for row in rows]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=not is_rising)
    assert values[: len(known)] == known


def numbers(score: Score) -> dict[str, Any]:
    return {key: value for key, value in figures(score).items() if key != "total_entities"}


def test_a_share_of_nothing_is_no_score():
    assert share(0, 0, skipped=3).value is None
    assert together([]).value is None
    assert Members().score.value is None


def test_rules_together_weigh_by_what_counts():
    assert together([share(9, 1), share(0, 10)]).value == 9 / 20


def test_a_group_has_the_mean_of_its_members_whatever_their_size():
    big = Members(passed=10, failed=0, entities=1, scored=1, total=1.0)
    small = Members(passed=0, failed=1, entities=1, scored=1, total=0.0)
    none = Members(skipped=2, entities=1)
    assert (big + small + none).score == Score(10, 1, 2, 0, entities=3, value=0.5)


@pytest.fixture
def card(db: None) -> Scorecard:
    make_blueprint()
    make_team()
    for name in ("a", "b", "c"):
        make_entity(name, properties={"tier": 1}, team="core")
    return make_scorecard(rules=[rule_document(), rule_document("tested", query=None)])


def score_of(aggregation: Aggregation, name: str) -> Score:
    rules = Rule.objects.select_related("scorecard", "level")
    rows = ScoreList(aggregation, rules)[EVERYTHING]
    return next(row.score for row in rows if row.identifier == name)


def test_what_nothing_is_known_of_is_in_neither_part_of_the_share(card):
    report("a", "tested", "pass")
    report("b", "tested", "skip")
    assert score_of(Aggregation.RULE, "tested") == Score(1, 0, 1, 1, entities=3, value=1.0)
    assert score_of(Aggregation.ENTITY, "c") == Score(1, 0, 0, 1, entities=1, value=1.0)


def test_a_rule_that_was_just_made_says_nothing_where_its_bit_was_used_before(card):
    report("a", "tested", "pass")
    make_scorecard(rules=[rule_document("tested", query=None)])
    # The evaluations are those of the old rules until this is told to evaluate.
    rule = Rule.objects.get()
    fresh = Rule.objects.create(
        scorecard=card, level=rule.level, identifier="fresh", title="Fresh", bit=0, query=None
    )
    operations.evaluate_scorecard(scorecard=Scorecard.objects.get(), now=NOW)
    assert score_of(Aggregation.RULE, "fresh").no_data == 3
    Evaluation.objects.update(passed=1, skipped=0, newest_rule_id=fresh.pk - 1)
    assert score_of(Aggregation.ENTITY, "a").counted == 1


def test_a_draft_has_no_scores(card):
    report("a", "tested", "pass")
    Scorecard.objects.update(status="draft")
    assert score_of(Aggregation.SCORECARD, "quality") == Score()


def test_entities_are_cut_into_pages_and_counted(card):
    rules = list(Rule.objects.select_related("scorecard", "level"))
    found = ScoreList(Aggregation.ENTITY, rules)
    assert ([row.identifier for row in found[1:2]], found.count()) == (["b"], 3)
    report("c", "tested", "fail")
    report("a", "tested", "pass")
    worst = ScoreList(Aggregation.ENTITY, rules, sort="score")[:1]
    assert [row.identifier for row in worst] == ["c"]


@pytest.mark.parametrize("aggregation", Aggregation)
def test_the_queries_of_a_list_do_not_grow(card, aggregation, django_assert_num_queries):
    expected = {"entity": 5, "rule": 2, "scorecard": 2, "team": 3, "kind": 3}[aggregation]
    rules = list(Rule.objects.select_related("scorecard", "level"))
    for count in (0, 200):
        drafts = [EntityDraft(identifier=f"n{n}", properties={"tier": 3}) for n in range(count)]
        blueprint = Blueprint.objects.get(identifier="service")
        upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)
        with django_assert_num_queries(expected):
            found = ScoreList(aggregation, rules)
            assert found.count() == len(found[EVERYTHING])
    assert not Outcome.objects.exists()
