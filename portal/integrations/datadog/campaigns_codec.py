"""Campaigns as this dialect writes them. Pure: JSON in, drafts out; counts in, scores out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.storable import storable_faults

_REQUIRED = ("name", "owner_id", "rule_ids", "start_date")
_TEXTS = {
    "key": 100, "name": 200, "owner_id": 200, "start_date": 100, "status": 20,
    "description": 5_000, "due_date": 100, "entity_scope": 10_000, "guidance": 20_000,
}  # fmt: skip
# What parts of our documents are called here, for who is told what is wrong with them.
_PLACES = {
    "identifier": "key", "title": "name", "owner": "owner_id", "rules": "rule_ids",
    "filter": "entity_scope", "starts_at": "start_date", "due_at": "due_date",
}  # fmt: skip


@dataclass(frozen=True)
class CampaignDraft:
    """A campaign as it was sent; what was left out is None."""

    name: str
    owner_id: str
    rule_ids: tuple[str, ...]
    start_date: str
    key: str | None = None
    status: str | None = None
    description: str | None = None
    due_date: str | None = None
    entity_scope: str | None = None
    guidance: str | None = None


def read_campaign(attributes: Mapping[str, Any], *, required: Sequence[str]) -> CampaignDraft:
    """Return what was sent; raises `Invalid` with every fault. Null is as if it were left out.

    `required` names what has to be there beside what always has to.
    """
    sent = {key: value for key, value in attributes.items() if value is not None}
    found = storable_faults(sent) or list(_faults(sent, (*_REQUIRED, *required)))
    if found:
        raise Invalid(found)
    texts = {key: sent[key] for key in _TEXTS if key in sent}
    # One rule twice is one rule.
    return CampaignDraft(rule_ids=tuple(dict.fromkeys(sent["rule_ids"])), **texts)


def _faults(sent: Mapping[str, Any], required: Sequence[str]) -> Iterator[Fault]:
    for name in required:
        if name not in sent:
            yield Fault("", f'attribute "{name}" is required')
    for name, most in _TEXTS.items():
        value = sent.get(name, "")
        if not isinstance(value, str):
            yield Fault(name, "must be a text")
        elif len(value) > most:
            yield Fault(name, f"must have at most {most:,} characters")
    rules = sent.get("rule_ids", [])
    if not isinstance(rules, list) or not all(isinstance(item, str) for item in rules):
        yield Fault("rule_ids", "must be a list of ids of rules")


def in_words_of_the_dialect(error: Invalid) -> Invalid:
    """Return what was wrong with a document as a fault of what was sent."""
    return Invalid(_renamed(fault) for fault in error.faults)


def _renamed(fault: Fault) -> Fault:
    for ours, theirs in _PLACES.items():
        if fault.path == ours or fault.path.startswith((f"{ours}.", f"{ours}[")):
            # No conflict: a key that is taken is a bad request here.
            return Fault(theirs + fault.path.removeprefix(ours), fault.message)
    return fault


@dataclass(frozen=True)
class Tally:
    """How many results passed, failed, were skipped, and are not known: nobody reported any."""

    passed: int
    failed: int
    skipped: int
    unknown: int


def write_score(id_: str, tally: Tally, *, aggregation: str) -> dict[str, Any]:
    """Return a score: passes in percent of what counts, which neither skips nor unknowns do.

    Where nothing counts there is no score.
    """
    counting = tally.passed + tally.failed
    attributes: dict[str, Any] = {
        "aggregation": aggregation,
        "numerator": tally.passed,
        "denominator": counting,
        "total_pass": tally.passed,
        "total_fail": tally.failed,
        "total_skip": tally.skipped,
        "total_no_data": tally.unknown,
    }
    if counting:
        attributes["score"] = round(100 * tally.passed / counting, 2)
    return {"id": id_, "type": "score", "attributes": attributes}
