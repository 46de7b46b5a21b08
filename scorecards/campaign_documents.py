"""The campaign document: how APIs and forms say what a campaign is. Parsing is pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from catalog import schemas
from catalog.conditions import ConditionError, check_properties
from catalog.conditions import parse as parse_query
from catalog.errors import Fault, Invalid
from catalog.storable import storable_faults
from scorecards.documents import IDENTIFIER
from scorecards.models import Campaign

MOST_RULES = 200
CAMPAIGN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["identifier", "title", "rules", "starts_at"],
    "additionalProperties": False,
    "properties": {
        "identifier": IDENTIFIER,
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "description": {"type": "string", "maxLength": 5_000},
        "guidance": {"type": "string", "maxLength": 20_000},
        "owner": {"type": ["string", "null"]},
        "rules": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": MOST_RULES,
            "uniqueItems": True,
        },
        "filter": {"type": ["object", "null"]},
        "status": {"enum": list(Campaign.Status.values)},
        "starts_at": {"type": "string"},
        "due_at": {"type": ["string", "null"]},
    },
}
_VALIDATOR = schemas.validator_of(CAMPAIGN_SCHEMA)


@dataclass(frozen=True)
class CampaignDocument:
    """A campaign as written, checked: `rules` as ``scorecard/rule``, `owner` a team's identifier.

    `status` is None where nothing was said about it.
    """

    identifier: str
    title: str
    description: str
    guidance: str
    owner: str | None
    rules: tuple[str, ...]
    filter: Mapping[str, Any] | None
    status: str | None
    starts_at: datetime
    due_at: datetime | None


def parse(
    raw: Mapping[str, Any], *, rules: Mapping[str, Collection[str]], teams: Collection[str]
) -> CampaignDocument:
    """Return the parsed campaign; raises `Invalid` with every fault and its path.

    `rules` maps the names of all rules to the keys of the facts of what their scorecards grade: the
    filter may name any that one of the campaign's own rules brings. `teams` are all there are.
    """
    found = storable_faults(raw) or schemas.faults(_VALIDATOR, raw)
    if found:
        raise Invalid(found)
    starts_at = _moment(raw["starts_at"], "starts_at", found)
    due_at = _moment(raw.get("due_at"), "due_at", found)
    if starts_at and due_at and due_at <= starts_at:
        found.append(Fault("due_at", "must be later than starts_at"))
    found.extend(_rule_faults(raw["rules"], rules))
    owner = raw.get("owner")
    if owner is not None and owner not in teams:
        found.append(
            Fault("owner", f"there is no team '{owner}'; create it first", is_missing=True)
        )
    keys = {key for name in raw["rules"] for key in rules.get(name, ())}
    # Without its rules nobody knows what the filter may name.
    if not any(fault.path.startswith("rules") for fault in found):
        found.extend(_filter_faults(raw.get("filter"), keys))
    if found or starts_at is None:
        raise Invalid(found)
    return CampaignDocument(
        identifier=raw["identifier"],
        title=raw["title"],
        description=raw.get("description", ""),
        guidance=raw.get("guidance", ""),
        owner=owner,
        rules=tuple(raw["rules"]),
        filter=raw.get("filter"),
        status=raw.get("status"),
        starts_at=starts_at,
        due_at=due_at,
    )


def _moment(text: str | None, at: str, found: list[Fault]) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    found.append(Fault(at, "give a moment with its offset, like 2026-03-31T18:00:00Z"))
    return None


def _rule_faults(names: list[str], known: Collection[str]) -> Iterator[Fault]:
    for index, name in enumerate(names):
        if name not in known:
            close = get_close_matches(name, list(known), n=1)
            hint = f"; did you mean '{close[0]}'?" if close else "; write <scorecard>/<rule>"
            yield Fault(f"rules[{index}]", f"there is no rule '{name}'{hint}", is_missing=True)


def _filter_faults(raw: Mapping[str, Any] | None, keys: Collection[str]) -> Iterator[Fault]:
    if raw is None:
        return
    try:
        query = parse_query(raw, path="filter")
    except ConditionError as error:
        yield from error.faults
        return
    yield from check_properties(query, keys, path="filter", written=raw)
