"""What a write of the catalog sets in motion here, and outside of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.models import Blueprint, Entity
from catalog.signals import (
    blueprint_renaming,
    blueprints_saved,
    entities_changed,
    entities_deleting,
    entities_renamed,
)
from portal.integrations import credentials
from portal.integrations.actions import operations as actions
from portal.integrations.actions.waking import wake
from portal.integrations.datadog.definitions import declaring
from portal.integrations.notices.alerts import has_alerts
from portal.integrations.port import data_migrations
from portal.integrations.port.blueprint_writing import settle_waiting
from portal.integrations.webhooks import operations as webhooks
from portal.permissions import Actor
from scorecards.signals import levels_changed


def connect() -> None:
    """Connect the receivers."""
    blueprints_saved.connect(settle, dispatch_uid="integrations.settle")
    entities_changed.connect(tell, dispatch_uid="integrations.changed")
    entities_deleting.connect(tell, dispatch_uid="integrations.deleting")
    blueprint_renaming.connect(follow, dispatch_uid="integrations.follow")
    levels_changed.connect(gather, dispatch_uid="integrations.gather")
    entities_renamed.connect(follow_entities, dispatch_uid="integrations.follow_entities")


def settle(sender: Any, by: Actor, now: datetime, **kwargs: Any) -> None:
    """Let the parts of blueprints that waited for others come to be."""
    settle_waiting(by=by, now=now)


def tell(sender: Any, **kwargs: Any) -> None:
    """Let automations read what was written, once it is."""
    transaction.on_commit(wake)


def gather(sender: Any, **kwargs: Any) -> None:
    """Let alerts read what moved, where there are any."""
    from portal.integrations.tasks import read_level_changes

    if has_alerts():
        read_level_changes.delay()


def follow(
    sender: type[Blueprint],
    blueprint: Blueprint,
    identifier: str,
    by: Actor,
    now: datetime,
    **kwargs: Any,
) -> None:
    """Let everything that names a blueprint know it by its new identifier."""
    old, new = blueprint.identifier, identifier
    actions.follow_blueprint(old=old, new=new, by=by, now=now)
    webhooks.follow_blueprint(old=old, new=new, by=by, now=now)
    data_migrations.follow_blueprint(old=old, new=new)
    declaring.follow_blueprint(old=old, new=new)
    credentials.follow_blueprint(old=old, new=new)


def follow_entities(
    sender: type[Entity], blueprint: str, names: Mapping[str, str], **kwargs: Any
) -> None:
    """Let the runs about entities, and declared relations, know them by their new identifiers."""
    actions.follow_entities(blueprint=blueprint, names=names)
    declaring.follow_entities(blueprint=blueprint, names=names)
