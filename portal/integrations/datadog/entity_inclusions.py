"""What comes with entities in a list, gathered with as many queries for many as for one."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from catalog.models import Entity, EntityRelation
from portal.integrations.datadog import catalog_codec as codec
from portal.integrations.datadog.definitions.reading import Described
from portal.integrations.datadog.definitions.relating import relations_from
from portal.integrations.datadog.entity_filters import Include
from portal.permissions import Rights

Document = dict[str, Any]

# The blueprint whose entities are incidents, and what it says of those that are over.
_INCIDENT, _OVER = "incident", "resolved_at"
_MOST_INCIDENTS = 1_000


def presented(
    entities: Sequence[Described], include: Collection[Include], *, rights: Rights
) -> Document:
    """Return the body of a list of entities with everything that is to come with them.

    What `rights` may not read does not come with them.
    """
    gathered = [_gather(entities, name, rights) for name in Include if name in include]
    data, included = [], []
    for described in entities:
        related: Document = {}
        for key, is_many, found in gathered:
            items = found.get(described.entity.pk, [])
            included += items
            pointers = [codec.pointer(item) for item in items]
            if is_many or pointers:
                related[key] = {"data": pointers if is_many else pointers[0]}
        data.append(codec.entity_data(described, related))
    unique = {(item["type"], item["id"]): item for item in included}
    return codec.listed(data, unique.values())


def _gather(
    entities: Sequence[Described], name: Include, rights: Rights
) -> tuple[str, bool, dict[int, list[Document]]]:
    """Return how a relationship is called, whether it is to many, and its objects by entity."""
    match name:
        case Include.SCHEMA:
            return "schema", False, {_pk(item): [codec.schema_item(item)] for item in entities}
        case Include.RAW_SCHEMA:
            return "rawSchema", False, {_pk(item): [codec.raw_item(item)] for item in entities}
        case Include.ONCALL:
            found = {_pk(item): codec.oncall_item(item) for item in entities}
            return "oncall", True, {id_: [item] for id_, item in found.items() if item}
        case Include.INCIDENT:
            return "incidents", True, _incidents([_pk(item) for item in entities], rights)
        case Include.RELATION:
            related = relations_from([item.entity for item in entities], rights=rights)
            items = {id_: [*map(codec.related_item, rows)] for id_, rows in related.items()}
            return "relatedEntities", True, items


def _pk(described: Described) -> int:
    return described.entity.pk


def _incidents(entity_ids: Sequence[int], rights: Rights) -> dict[int, list[Document]]:
    """Return the incidents that are not over yet, newest first, by the entity they are about."""
    pairs = EntityRelation.objects.filter(
        target_id__in=entity_ids, source__blueprint__identifier=_INCIDENT
    ).exclude(source__properties__has_key=_OVER)
    pairs = rights.readable(pairs, via="source__blueprint")
    rows = pairs.order_by("-source_id").values_list("source_id", "target_id")[:_MOST_INCIDENTS]
    targets = defaultdict(list)
    for source, target in rows:
        targets[source].append(target)
    found: dict[int, list[Document]] = defaultdict(list)
    for incident in Entity.objects.filter(pk__in=list(targets)).order_by("-id"):
        for target in targets[incident.pk]:
            found[target].append(codec.incident_item(incident))
    return found
