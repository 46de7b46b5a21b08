"""Why a rule does not count for an entity, in a sentence. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from catalog.conditions import Explanation, Facts, describe, explain, parse
from catalog.conditions.values import as_moment
from scorecards.models import Exemption, Outcome, Rule, RuleChange
from scorecards.packs import evidence_titles

Titles = Mapping[str, str]

OWNERS = "$team"
NOTHING_REPORTED = "Nothing has been reported yet."


def skip_reason(
    rule: Rule,
    facts: Facts,
    *,
    now: datetime,
    titles: Titles,
    outcome: Outcome | None = None,
    exemption: Exemption | None = None,
    unseen: Collection[str] = (),
) -> str:
    """Return why a rule is skipped for an entity with these facts; empty where it is not.

    `titles` are those of the facts that entities of this kind have, `unseen` the keys of those that
    are not told. In the order in which evaluation asks: the first reason stands.
    """
    if said := _not_asked(rule, exemption, now):
        return said
    names = titles_with_evidence(titles)

    def asked(query: Mapping[str, object]) -> Explanation:
        return explain(parse(query), facts, now=now, titles=names, unseen=unseen)

    if rule.filter and not (found := asked(rule.filter)).passed:
        wanted = describe(parse(rule.filter), titles=names)
        return f"Left out by the rule's filter: {wanted}. Found: {_found(found)}."
    if rule.evidence and not (found := asked(rule.evidence)).passed:
        return _unknown(found, titles, names)
    if rule.is_reported:
        return _said(outcome)
    return ""


def _not_asked(rule: Rule, exemption: Exemption | None, now: datetime) -> str:
    """Return why the rule asks nothing of the entity, whatever its facts are."""
    if not rule.is_enabled:
        return "This rule is switched off."
    if rule.in_force_from is not None and now.date() < rule.in_force_from:
        return f"Not in force until {rule.in_force_from.day} {rule.in_force_from:%B %Y}."
    return _exempt(exemption) if exemption else ""


def _exempt(exemption: Exemption) -> str:
    """Return until when, why and by whose leave: "Exempt until 3 May 2027: …, approved by …"."""
    day = exemption.expires_on
    until = f" until {day.day} {day:%B %Y}" if day else ""
    return f"Exempt{until}: {exemption.reason.rstrip('. ')}, approved by {exemption.approved_by}."


def titles_with_evidence(titles: Titles) -> Titles:
    """Return titles of facts, also of those that packs read and that may be there nowhere."""
    return {**evidence_titles(), **titles}


def _found(explanation: Explanation) -> str:
    """Return what was found under the keys that the failing conditions read."""
    found = {leaf.key: leaf for leaf in explanation.leaves() if not leaf.passed}
    return ", ".join(f"{leaf.label} {_value(leaf.found)}" for leaf in found.values())


def _value(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case str() if moment := as_moment(value):
            return f"{moment:%Y-%m-%d}"
        case list():
            return ", ".join(map(_value, value)) or "none"
        case dict():
            return "an object"
    return str(value)


def _unknown(explanation: Explanation, titles: Titles, names: Titles) -> str:
    """Return what nobody has told of the entity, and whether anybody could."""
    leaves = {leaf.key: leaf for leaf in explanation.leaves() if not leaf.passed}
    missing = [key for key, leaf in leaves.items() if leaf.is_missing]
    if len(missing) < len(leaves):
        return f"There is nothing to judge by yet: {_found(explanation)}."
    if OWNERS in missing:
        return "Nobody can own it: its blueprint has no ownership."
    subject = _either(names.get(key, leaves[key].label) for key in missing)
    if not any(key in titles for key in missing):
        return f"Nothing can be known of {subject}: its blueprint has no such property."
    is_one = len(missing) == 1
    return (
        f"Nothing is known of {subject} yet: the {'property is' if is_one else 'properties are'} "
        "empty."
    )


def _either(names: Iterable[str]) -> str:
    """Return names as a sentence lists them: "Links, Docs or README"."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return NOTHING_REPORTED
    if outcome.state == RuleChange.Result.SKIP:
        said = "Reported as skipped"
        return f"{said}: {outcome.remark}" if outcome.remark else f"{said}."
    return ""
