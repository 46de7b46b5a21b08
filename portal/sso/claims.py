"""What a provider claims of somebody, made true here: their teams, and what they may do."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalog.models import TEAM, USER, Entity
from catalog.operations import EntityDraft, save_user
from portal.models import User
from portal.permissions import Actor

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GroupRules:
    """What groups mean here. Without `team_by_group` a group is the team named like it."""

    claim: str = "groups"
    team_by_group: Mapping[str, str] = field(default_factory=dict)
    admin_group: str = ""
    viewer_group: str = ""


def groups_of(claims: Mapping[str, Any], *, claim: str) -> frozenset[str]:
    """Return the groups that somebody is in; a claim that is not there names none.

    The name may lead into objects. A group that is a path loses the slash before it.

    >>> sorted(groups_of({"realm": {"roles": ["/core", "ops"]}}, claim="realm.roles"))
    ['core', 'ops']
    """
    value: Any = claims.get(claim)
    if value is None:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        return frozenset()
    return frozenset(item.removeprefix("/") for item in items if isinstance(item, str)) - {""}


@transaction.atomic
def apply_groups(*, user: User, groups: Collection[str], rules: GroupRules, now: datetime) -> None:
    """Give a person the teams and the role that their groups mean, as of this sign-in.

    Teams that came with a group go with it; those given by hand stay. The role is touched only
    where a group for it is named; superusers stay admins.
    """
    by = Actor(label=user.get_username(), user_id=user.pk, source="signin")
    user = User.objects.select_for_update().get(pk=user.pk)
    wanted = _teams(groups, rules)
    entity = Entity.objects.of(USER).named([user.entity_identifier]).select_for_update().first()
    had = list(entity.team) if entity else []
    by_hand = [team for team in had if team not in user.claimed_teams]
    claimed = [team for team in wanted if team not in by_hand]
    teams = [*by_hand, *claimed]
    if entity is None or set(teams) != set(had):
        draft = EntityDraft(identifier=user.entity_identifier, team=teams)
        if entity is None:
            title = user.get_full_name() or user.get_username()
            draft = EntityDraft(identifier=user.entity_identifier, title=title, team=teams)
        save_user(draft=draft, is_new=entity is None, by=by, now=now)
    user.claimed_teams = claimed
    _set_role(user, groups, rules)
    user.save(update_fields=["claimed_teams", "is_staff", "role"])


def _teams(groups: Collection[str], rules: GroupRules) -> list[str]:
    """Return the identifiers of teams that there are."""
    teams = Entity.objects.of(TEAM)
    if rules.team_by_group:
        named = {team for group, team in rules.team_by_group.items() if group in groups}
        found = teams.filter(identifier__in=named)
    else:
        found = teams.filter(Q(identifier__in=groups) | Q(title__in=groups))
    return list(found.order_by("identifier").values_list("identifier", flat=True))


def _set_role(user: User, groups: Collection[str], rules: GroupRules) -> None:
    was = (user.is_staff, user.role)
    if rules.admin_group:
        user.is_staff = user.is_superuser or rules.admin_group in groups
    if rules.viewer_group:
        is_viewer = rules.viewer_group in groups
        user.role = User.Role.VIEWER if is_viewer else User.Role.MEMBER
    if was != (user.is_staff, user.role):
        role = "admin" if user.is_staff else user.role
        logger.warning("The groups of %r make them %s", user.get_username(), role)
