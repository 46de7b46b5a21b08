"""What becomes of pages when what they are about comes, goes or gets another name."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from catalog.models import Blueprint
from catalog.signals import blueprint_deleting, blueprint_renaming
from portal.dashboards.operations import follow_blueprint, forget_blueprint, save_missing_pages
from portal.permissions import SYSTEM, Actor
from scorecards.models import InstalledPack
from scorecards.packs import Pack
from scorecards.signals import pack_installed


def connect() -> None:
    """Connect the receivers, each for its own sender."""
    blueprint_deleting.connect(forget_pages, dispatch_uid="dashboards.forget_pages")
    pack_installed.connect(install_pages, dispatch_uid="dashboards.install_pages")
    blueprint_renaming.connect(follow, dispatch_uid="dashboards.follow")


def forget_pages(sender: type[Blueprint], blueprint: Blueprint, **kwargs: Any) -> None:
    """Let the pages of a blueprint, and of its entities, go with it."""
    forget_blueprint(identifier=blueprint.identifier, by=SYSTEM, now=timezone.now())


def install_pages(
    sender: type[InstalledPack], pack: Pack, by: Actor, now: datetime, **kwargs: Any
) -> None:
    """Make the pages of a pack that are not there."""
    save_missing_pages(documents=pack.pages, by=by, now=now)


def follow(
    sender: type[Blueprint],
    blueprint: Blueprint,
    identifier: str,
    by: Actor,
    now: datetime,
    **kwargs: Any,
) -> None:
    """Let pages know a blueprint by its new identifier."""
    follow_blueprint(old=blueprint.identifier, new=identifier, by=by, now=now)
