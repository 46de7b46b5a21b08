"""Reads of the catalog, as chainable methods."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from catalog.conditions import Query
from catalog.queries import compile_q
from portal.permissions import EVERYTHING, Rights, Sight, sight_with
from portal.policies import UNREGISTER

if TYPE_CHECKING:
    from catalog.models import Entity
    from portal.permissions import Rights


class BlueprintQuerySet(models.QuerySet["Blueprint"]):
    """Blueprints."""

    def stale(self) -> Self:
        """Keep the blueprints that were edited and whose entities were not worked out since."""
        return self.filter(stale_since__isnull=False)


class EntityQuerySet(models.QuerySet["Entity"]):
    """Chainable reads of entities."""

    def of(self, blueprint: str) -> Self:
        """Keep the entities of the blueprint with this identifier."""
        return self.filter(blueprint__identifier=blueprint)

    def seen_in(self, sight: Sight) -> Self:
        """Keep the entities that somebody sees, who has this sight of the catalog."""
        return sight.narrow(self, via="blueprint")

    def readable_by(self, rights: "Rights | None") -> Self:
        """Leave out what these rights may not read; None may read everything."""
        return self.seen_in(sight_with(rights))

    def all_of(self, blueprint: str) -> Self:
        """Keep the entities of a blueprint, to read them all; looks its id up, with one query.

        From its identifier PostgreSQL guesses that it has as many entities as any other, and reads
        the whole table for the few teams.
        """
        from catalog.models import Blueprint

        ids = Blueprint.objects.filter(identifier=blueprint).values_list("id", flat=True)
        return self.filter(blueprint__in=list(ids))

    def named(self, identifiers: Iterable[str]) -> Self:
        """Keep the entities with one of these identifiers."""
        return self.filter(identifier__in=list(identifiers))

    def search(self, words: str) -> Self:
        """Keep the entities whose title or identifier holds every word, of the first thirty."""
        query = Q()
        # More would only meet the database's limit on the depth of an expression.
        for word in words.split()[:30]:
            query &= Q(title__icontains=word) | Q(identifier__icontains=word)
        return self.filter(query)

    def matching(self, query: Query, *, now: datetime, sight: Sight = EVERYTHING) -> Self:
        """Keep the entities whose facts the query holds for, as evaluation would.

        With `sight` it is asked of what somebody sees of the facts (see `catalog.seeing`).
        """
        if not sight.hidden:
            return self.filter(compile_q(query, now=now))
        from catalog.seeing import holds

        return self.filter(holds(query, now=now, sight=sight))

    def id_ranges(self, *, size: int) -> Iterator[tuple[int, int]]:
        """Yield ranges of ids, the first and the last, that hold so many of these entities each.

        Those who come meanwhile, behind all, are settled as they are saved.
        """
        ids = self.order_by("id").values_list("id", flat=True)
        first = ids.first()
        while first is not None:
            rest = ids.filter(id__gte=first)
            following = next(iter(rest[size : size + 1]), None)
            yield first, (following - 1 if following else ids.last())
            first = following

    def stale(self) -> Self:
        """Keep the entities whose facts moved and whose scorecards were not evaluated since."""
        return self.filter(stale_since__isnull=False)

    def for_table(self) -> Self:
        """Load what a table row shows, in the order tables have by default."""
        return self.defer("properties", "computed", "problems").order_by(
            "title", "identifier", "id"
        )


class RelationQuerySet(models.QuerySet):
    """Chainable reads of relation rows."""

    def from_sources(self, source_ids: Iterable[int]) -> Self:
        """Keep the rows that start at these entities, in the order they were made."""
        return self.filter(source_id__in=list(source_ids)).order_by("id")


class ChangeQuerySet(models.QuerySet):
    """Chainable reads of the audit rows."""

    def of_entity(self, entity: "Entity") -> Self:
        """Keep the history of one entity, newest first."""
        return self._about(entity, kind="entity")

    def of_exemptions(self, entity: "Entity") -> Self:
        """Keep what became of the exemptions of one entity, newest first."""
        return self._about(entity, kind="exemption")

    def _about(self, entity: "Entity", *, kind: str) -> Self:
        return self.filter(
            kind=kind,
            blueprint=entity.blueprint.identifier,
            identifier=entity.identifier,
        ).order_by("-id")

    def unsealed(self) -> Self:
        """Keep the rows that are not in the chain yet."""
        return self.filter(seal_number__isnull=True)

    def sealed_after(self, number: int) -> Self:
        """Keep the links of the chain that come after a number, in order."""
        return self.filter(seal_number__gt=number).order_by("seal_number")

    def between(self, since: datetime | None, until: datetime | None) -> Self:
        """Keep what was written from a moment on and before another; None leaves a side open."""
        rows = self if since is None else self.filter(at__gte=since)
        return rows if until is None else rows.filter(at__lt=until)


class DeletedQuerySet(models.QuerySet["Deleted"]):
    """Chainable reads of what was deleted."""

    def named(self, kind: str, blueprint: str, identifier: str) -> Self:
        """Keep what was deleted under this name, the last time first."""
        rows = self.filter(kind=kind, blueprint=blueprint, identifier=identifier)
        return rows.order_by("-id")

    def of_batch(self, batch: str) -> Self:
        """Keep what one deletion took."""
        return self.filter(batch=batch)

    def expired(self, now: datetime) -> Self:
        """Keep what is kept no longer."""
        return self.filter(expires_at__lte=now)

    def seen_by(self, rights: Rights) -> Self:
        """Keep what somebody may know of: what they might have deleted, whoever owned it."""
        if rights.is_unlimited:
            return self
        from catalog.models import Blueprint

        policies = Blueprint.objects.values_list("identifier", "permissions")
        names = [
            name
            for name, policy in policies
            if rights.may(UNREGISTER, blueprint=name, policy=policy)
            and rights.may_read_blueprint(name)
        ]
        scorecards = self.filter(kind="scorecard").values_list("pk", "document__blueprints")
        ids = [pk for pk, graded in scorecards if rights.may_edit_scorecard(graded or ())]
        return self.filter(Q(kind="entity", blueprint__in=names) | Q(pk__in=ids))
