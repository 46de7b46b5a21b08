"""Scorecards between the documents of this dialect and our own. Pure.

Ours says more of a scorecard (several blueprints, how to fix a rule, who owns it), and theirs has
spellings that ours does not keep. So a document of theirs is read into what is stored already, and
shown with the help of what its clients last wrote.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog import schemas
from catalog.conditions import OPERATORS, Operand
from catalog.errors import Fault, Invalid
from catalog.facts import same

Document = Mapping[str, Any]

# What the server says of a scorecard, and clients send back as they got it.
MANAGED = frozenset(["id", "blueprint", "createdAt", "createdBy", "updatedAt", "updatedBy"])
RULE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["identifier", "title", "level", "query"],
    "additionalProperties": False,
    "properties": {
        "identifier": {"type": "string"},
        "title": {"type": "string"},
        "description": {"type": ["string", "null"]},
        "level": {"type": "string"},
        "query": {"type": "object"},
    },
}
_VALIDATOR = schemas.validator_of(
    {
        "type": "object",
        "required": ["identifier", "title", "rules"],
        "additionalProperties": False,
        "properties": {
            "identifier": {"type": "string"},
            "title": {"type": "string"},
            "filter": {"type": ["object", "null"]},
            "levels": {"type": ["array", "null"]},
            "rules": {"type": "array", "items": RULE_SCHEMA},
        },
    }
)
# What rules may be called where the scorecard has the default levels.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9@_=\\-]+")
# No longer than what a float holds exactly.
_QUOTED_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
# The query of a rule whose results are reported from outside.
NO_QUERY: Document = {"combinator": "and", "conditions": []}


def read(body: Document, *, blueprint: str) -> dict[str, Any]:
    """Return the document in a body, without what the server says by itself.

    Raises `Invalid` for what is not of this shape; what the parts mean, our own parser judges.
    """
    document = {key: item for key, item in body.items() if key not in MANAGED}
    if body.get("blueprint", blueprint) != blueprint:
        raise Invalid.at("blueprint", f"the address says '{blueprint}'; leave it out here")
    faults = schemas.faults(_VALIDATOR, document) or list(_name_faults(document))
    if faults:
        raise Invalid(faults)
    return document


def _name_faults(document: Document) -> Iterator[Fault]:
    if document.get("levels"):
        return
    for index, rule in enumerate(document["rules"]):
        if rule["identifier"] and not _PLAIN_NAME.fullmatch(rule["identifier"]):
            yield Fault(
                f"rules[{index}].identifier",
                "may hold letters A to Z, digits and @ _ = \\ - only, in a scorecard that names "
                "no levels; name them, or choose another",
            )


def to_native(
    document: Document, *, identifier: str, blueprint: str, before: Document | None = None
) -> dict[str, Any]:
    """Return our document for one of theirs; of `before`, it keeps what theirs cannot say.

    What did not grade the blueprint before does so from now on, and no other.
    """
    before = before or {"blueprints": [], "rules": []}
    stored = {rule["identifier"]: rule for rule in before["rules"]}
    is_graded = blueprint in before["blueprints"]
    native = {
        **before,
        "blueprints": before["blueprints"] if is_graded else [blueprint],
        "follows_catalog": is_graded and before.get("follows_catalog", False),
        "identifier": identifier,
        "title": document["title"],
        "filter": native_query(document.get("filter")),
        "rules": [
            native_rule(rule, before=stored.get(rule["identifier"])) for rule in document["rules"]
        ],
    }
    native.pop("levels", None)
    return {**native, "levels": document["levels"]} if document.get("levels") else native


def native_rule(rule: Document, *, before: Document | None) -> dict[str, Any]:
    """Return our document of a rule; an empty query leaves a rule reported that is reported."""
    before = before or {}
    is_reported = "query" in before and before["query"] is None
    query = rule["query"]
    return {
        **before,
        "identifier": rule["identifier"],
        "title": rule["title"],
        "description": rule.get("description") or "",
        "level": rule["level"],
        "query": None if is_reported and same(query, NO_QUERY) else native_query(query),
    }


def native_query(raw: Any) -> Any:
    """Return a query as our parser reads it; what it refuses is left as it is.

    Emptiness may come with a value that says nothing, and with `not` as some clients spell it;
    what is compared by order may come as text.

    >>> native_query({"property": "tier", "operator": "<=", "value": "2"})
    {'property': 'tier', 'operator': '<=', 'value': 2}
    """
    if not isinstance(raw, dict):
        return raw
    native = {
        key: [native_query(part) for part in item]
        if key in ("conditions", "rules") and isinstance(item, list)
        else item
        for key, item in raw.items()
        if key != "not_"
    }
    if raw.get("not_"):
        native.setdefault("not", raw["not_"])
    operator = raw.get("operator")
    row = OPERATORS.get(operator) if isinstance(operator, str) else None
    if row is not None and "value" in native:
        _read_value(native, row.operand)
    return native


def _read_value(condition: dict[str, Any], operand: Operand) -> None:
    value = condition["value"]
    if operand is Operand.NONE and value in (None, ""):
        del condition["value"]
    elif operand is Operand.ORDERED and isinstance(value, str) and _QUOTED_NUMBER.fullmatch(value):
        condition["value"] = float(value) if "." in value else int(value)


def to_wire(native: Document, *, identifier: str, written: Document) -> dict[str, Any]:
    """Return their document for ours; rules stand in the order in which `native` has them.

    Where `written`, their document as it was last sent, still means the same, its spelling is used.
    """
    wrote = {rule["identifier"]: rule for rule in written.get("rules", [])}
    wire = {
        "identifier": identifier,
        "title": native["title"],
        "levels": native["levels"],
        "rules": [
            wire_rule(rule, written=wrote.get(rule["identifier"], {})) for rule in native["rules"]
        ],
    }
    if native["filter"] is not None or "filter" in written:
        wire["filter"] = _spelt(native["filter"], written.get("filter"))
    return wire


def wire_rule(rule: Document, *, written: Document) -> dict[str, Any]:
    """Return their document of a rule."""
    wire = {key: rule[key] for key in ("identifier", "title", "level")}
    if rule["description"]:
        wire["description"] = rule["description"]
    elif "description" in written and not written["description"]:
        wire["description"] = written["description"]
    reported = dict(NO_QUERY) if rule["query"] is None else rule["query"]
    wire["query"] = _spelt(reported, written.get("query"))
    return wire


def _spelt(native: Any, written: Any) -> Any:
    return written if same(native_query(written), native) else native
