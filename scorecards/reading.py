"""Which scorecards read a fact of the entities of a blueprint."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.conditions import parse, reads
from catalog.models import Blueprint
from scorecards.models import Scorecard


def readers_of(blueprint: Blueprint, fact: str) -> list[str]:
    """Return the scorecards and rules whose conditions read a fact, in words, in their order."""
    rows = Scorecard.objects.filter(blueprints=blueprint).prefetch_related("rules")
    return [
        words
        for scorecard in rows.order_by("identifier")
        for words, query in _queries(scorecard)
        if query and fact in reads(parse(query, allow_empty=True))
    ]


def _queries(scorecard: Scorecard) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield the queries of a scorecard, each with whose it is."""
    yield f"the filter of {scorecard.identifier}", scorecard.filter
    for rule in sorted(scorecard.rules.all(), key=lambda rule: rule.identifier):
        yield f"the rule {scorecard.identifier}/{rule.identifier}", rule.query
        yield f"the filter of {scorecard.identifier}/{rule.identifier}", rule.filter
