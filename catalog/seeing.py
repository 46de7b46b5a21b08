"""What facts tell of entities that somebody does not see: which those are related to."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from catalog import registry
from catalog.conditions import Query, reads, without
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.queries import compile_q
from portal.permissions import Sight


def unseen_keys(sight: Sight) -> Mapping[str, frozenset[str]]:
    """Return by blueprint the keys of facts that name what is not in sight, where there are any."""
    if not sight.hidden:
        return {}
    found = {
        name: frozenset(
            f"{RELATION_PREFIX}{relation.identifier}"
            for relation in spec.relations.values()
            if not sight.sees(relation.target)
        )
        for name, spec in registry.graph().specs.items()
    }
    return {name: keys for name, keys in found.items() if keys}


def holds(query: Query, *, now: datetime, sight: Sight) -> Q:
    """Return the condition that the query holds for what somebody sees of the facts.

    What they do not see is empty: otherwise a query would find out, a letter at a time, what it is.
    """
    asked = reads(query)
    unseen = {name: keys & asked for name, keys in unseen_keys(sight).items() if keys & asked}
    if not unseen:
        return compile_q(query, now=now)
    condition = ~Q(blueprint__identifier__in=sorted(unseen)) & compile_q(query, now=now)
    for name, keys in unseen.items():
        condition |= Q(blueprint__identifier=name) & compile_q(without(query, keys), now=now)
    return condition
