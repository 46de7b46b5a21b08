"""Filters of the list of entities, and what is to be included with them."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from catalog.conditions import parse
from catalog.descriptors.datadog.relations import RelationType
from catalog.descriptors.references import Reference
from catalog.errors import Invalid
from catalog.querysets import EntityQuerySet
from portal.integrations.datadog.definitions.declaring import Name
from portal.integrations.datadog.definitions.relating import having_relation
from portal.integrations.datadog.ids import entity_number

Choice = TypeVar("Choice", bound=StrEnum)


class Include(StrEnum):
    """What comes with entities."""

    SCHEMA = "schema"
    RAW_SCHEMA = "raw_schema"
    ONCALL = "oncall"
    INCIDENT = "incident"
    RELATION = "relation"


def filtered(
    rows: EntityQuerySet, parameter: Callable[[str], str], *, now: datetime
) -> EntityQuerySet:
    """Keep the entities that a query asks for; raises `Invalid` naming the parameter."""
    if id_ := parameter("filter[id]"):
        number = entity_number(id_)
        rows = rows.filter(pk=number) if number is not None else rows.none()
    if reference := name_in(parameter, "filter[ref]"):
        rows = rows.of(reference[0]).named([reference[1]])
    if name := parameter("filter[name]"):
        # Alone, or after a namespace.
        rows = rows.filter(identifier__regex=f"^([^/]+/)?{re.escape(name)}$")
    if kind := parameter("filter[kind]"):
        rows = rows.of(kind)
    if owner := parameter("filter[owner]"):
        team = Reference.team(owner).identifier
        leaf = {"property": "$team", "operator": "contains", "value": team}
        rows = rows.matching(parse({"combinator": "and", "conditions": [leaf]}), now=now)
    type_ = choice(RelationType, parameter, "filter[relation][type]")
    return rows if type_ is None else rows.filter(having_relation(type_))


def name_in(parameter: Callable[[str], str], name: str) -> Name | None:
    """Return the kind and identifier that a parameter refers to; raises `Invalid`."""
    text = parameter(name)
    if not text:
        return None
    try:
        reference = Reference.parse(text)
    except ValueError as error:
        raise Invalid.at(name, str(error)) from None
    return reference.kind, reference.identifier


def choice(words: type[Choice], parameter: Callable[[str], str], name: str) -> Choice | None:
    """Return the word of a parameter; None where it is not there; raises `Invalid`."""
    found = choices(words, parameter, name)
    if len(found) > 1:
        raise Invalid.at(name, "give one of them")
    return next(iter(found), None)


def choices(words: type[Choice], parameter: Callable[[str], str], name: str) -> list[Choice]:
    """Return the words of a parameter, which commas part; raises `Invalid`."""
    sent = [word.strip() for word in parameter(name).split(",") if word.strip()]
    try:
        return list(dict.fromkeys(words(word) for word in sent))
    except ValueError:
        known = " ".join(word.value for word in words)
        raise Invalid.at(name, f'must be one of "{known}"') from None
