"""Plain saves and deletes of entities, led into the same funnel as the operations' own writes."""

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.utils import timezone

from catalog.models import Entity
from catalog.operations import settle_deleted, settle_saved
from catalog.operations.settling import edges_of
from catalog.operations.trashing import keep_entities
from catalog.signals import entities_deleting, is_muted
from portal.permissions import SHELL


def connect() -> None:
    """Connect the receivers, for this one sender."""
    pre_save.connect(stamp, sender=Entity, dispatch_uid="catalog.stamp")
    post_save.connect(saved, sender=Entity, dispatch_uid="catalog.saved")
    pre_delete.connect(deleting, sender=Entity, dispatch_uid="catalog.deleting")
    post_delete.connect(deleted, sender=Entity, dispatch_uid="catalog.deleted")


def stamp(sender: type[Entity], instance: Entity, **kwargs: Any) -> None:
    """Give a new entity its stamps, and a title where it has none."""
    instance.title = instance.title or instance.identifier
    if instance.created_at is None:
        instance.created_at = instance.updated_at = timezone.now()


def saved(
    sender: type[Entity], instance: Entity, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    """Settle a plain save. Fixtures (`raw`) are settled by `manage.py rebuild`."""
    if not raw:
        settle_saved(instance, is_created=created, by=SHELL, now=timezone.now())


def deleting(sender: type[Entity], instance: Entity, **kwargs: Any) -> None:
    """Keep the entity with the relation rows that will go with it, and let others forget it."""
    if not is_muted():
        instance.doomed_edges = edges_of([instance.pk])
        keep_entities([instance.pk], edges=instance.doomed_edges, by=SHELL, now=timezone.now())
        entities_deleting.send(sender=Entity, entity_ids=[instance.pk])


def deleted(sender: type[Entity], instance: Entity, **kwargs: Any) -> None:
    """Settle a plain delete."""
    if not is_muted():
        settle_deleted([instance], edges=instance.doomed_edges, by=SHELL, now=timezone.now())
