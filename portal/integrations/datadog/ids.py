"""The ids that this dialect shows: made of the row's number, so that nothing is stored for them.

Rules, campaigns and batches have 16 characters, scorecards 12, entities and kinds a UUID.
"""

import re
from uuid import UUID

_RULE = re.compile(r"rule-([0-9]{11})")
_CAMPAIGN = re.compile(r"push-([0-9]{11})")
_BATCH = re.compile(r"task-([0-9]{11})")
_SCORECARD = re.compile(r"card-([0-9]{7})")
# Version 8, the one whose other bits are the maker's own; the last 64 bits are the row's number.
_ENTITY_SPACE = 0x7469646D61726B00_8000000000000000
_KIND_SPACE = 0x7469646D61726B01_8000000000000000


def rule_id(number: int) -> str:
    """Return the id of a rule."""
    return f"rule-{number:011d}"


def rule_number(id_: str) -> int | None:
    """Return the number of the rule with an id; None where it is none."""
    return _number(_RULE, id_)


def campaign_id(number: int) -> str:
    """Return the id of a campaign."""
    return f"push-{number:011d}"


def campaign_number(id_: str) -> int | None:
    """Return the number of the campaign with an id; None where it is none."""
    return _number(_CAMPAIGN, id_)


def batch_id(number: int) -> str:
    """Return the id of a batch of outcomes."""
    return f"task-{number:011d}"


def batch_number(id_: str) -> int | None:
    """Return the number of the batch with an id; None where it is none."""
    return _number(_BATCH, id_)


def scorecard_id(number: int) -> str:
    """Return the id of a scorecard."""
    return f"card-{number:07d}"


def scorecard_number(id_: str) -> int | None:
    """Return the number of the scorecard with an id; None where it is none."""
    return _number(_SCORECARD, id_)


def entity_id(number: int) -> str:
    """Return the UUID of an entity."""
    return str(UUID(int=_ENTITY_SPACE | number))


def entity_number(id_: str) -> int | None:
    """Return the number of the entity with a UUID; None where it is none."""
    return _out_of(_ENTITY_SPACE, id_)


def kind_id(number: int) -> str:
    """Return the UUID of a kind."""
    return str(UUID(int=_KIND_SPACE | number))


def kind_number(id_: str) -> int | None:
    """Return the number of the kind with a UUID; None where it is none."""
    return _out_of(_KIND_SPACE, id_)


def _number(form: re.Pattern[str], id_: str) -> int | None:
    match = form.fullmatch(id_)
    return int(match[1]) if match else None


def _out_of(space: int, id_: str) -> int | None:
    try:
        number = UUID(id_).int - space
    except ValueError:
        return None
    return number if 0 < number < 2**62 else None
