"""Which scorecards and campaigns read a fact of the entities of a blueprint."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.conditions import parse, reads
from catalog.models import Blueprint
from scorecards.models import Campaign, Scorecard


def readers_of(blueprint: Blueprint, fact: str) -> list[str]:
    """Return whose conditions read a fact, in words, in their order: scorecards, then campaigns."""
    rows = Scorecard.objects.filter(blueprints=blueprint).prefetch_related("rules")
    scorecards = rows.order_by("identifier")
    queries = [item for scorecard in scorecards for item in _queries(scorecard)]
    campaigns = Campaign.objects.filter(rules__scorecard__in=rows.values("pk")).distinct()
    queries += (
        (f"the filter of the campaign {campaign.identifier}", campaign.filter)
        for campaign in campaigns.order_by("identifier")
    )
    return [
        words for words, query in queries if query and fact in reads(parse(query, allow_empty=True))
    ]


def _queries(scorecard: Scorecard) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield the queries of a scorecard, each with whose it is."""
    yield f"the filter of {scorecard.identifier}", scorecard.filter
    for rule in sorted(scorecard.rules.all(), key=lambda rule: rule.identifier):
        yield f"the rule {scorecard.identifier}/{rule.identifier}", rule.query
        yield f"the filter of {scorecard.identifier}/{rule.identifier}", rule.filter
        yield f"the evidence of {scorecard.identifier}/{rule.identifier}", rule.evidence
