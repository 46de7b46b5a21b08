"""Who knocks at the doors, and what they bring to each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from catalog.models import TEAM, USER
from portal.integrations.credentials import Secrets, create_credential
from portal.integrations.models import ApiCredential
from portal.integrations.port import tokens
from portal.models import ApiToken, User
from portal.permissions import SHELL
from tests.builders import make_entity, make_team, make_user
from tests.rights.routes import Door

PEOPLE = ("anonymous", "viewer", "member of the team", "member of another", "moderator", "admin")
TOKENS = ("read token", "write token", "expired token")


@dataclass(frozen=True)
class Caller:
    """Somebody, with the headers and the session that they bring."""

    name: str
    headers: dict[str, str]


def make_people() -> dict[str, User]:
    """Make one user of each kind; the team `core` owns the entity `cart`."""
    for team in ("core", "other"):
        make_team(team)
    viewer = make_user("vera", role="viewer")
    owner, other, moderator = make_user("olga"), make_user("otto"), make_user("mona")
    for user in (viewer, owner):
        make_entity(user.email, blueprint="_user", team=["core"])
    make_entity(other.email, blueprint="_user", team=["other"])
    moderates = {"moderated_blueprints": ["service"]}
    make_entity(moderator.email, blueprint="_user", properties=moderates)
    admin = make_user("ada", is_staff=True, is_superuser=True)
    return dict(zip(PEOPLE[1:], (viewer, owner, other, moderator, admin), strict=True))


def callers_at(door: Door, people: Mapping[str, User]) -> list[Caller]:
    """Return everybody, with what is brought to a door."""
    match door:
        case Door.SESSIONS:
            return sessions(people)
        case Door.API_TOKENS:
            return bearers(people)
    return credentials(people, is_by_keys=door is Door.KEYS)


def sessions(people: Mapping[str, User]) -> list[Caller]:
    """Return everybody with a session, as pages and the admin are asked."""
    callers = [_stranger()]
    for name, user in people.items():
        client = Client()
        client.force_login(user)
        callers.append(_caller(name, cookie=client.cookies.output(header="", attrs=[]).strip()))
    return callers


def bearers(people: Mapping[str, User]) -> list[Caller]:
    """Return everybody with a token that may write, and the tokens of an admin that may less."""
    lasting, over = timedelta(days=1), timedelta(days=-1)
    admin = people["admin"]
    wanted = [(name, user, "write", lasting) for name, user in people.items()]
    wanted += [
        ("read token", admin, "read", lasting),
        ("write token", admin, "write", lasting),
        ("expired token", admin, "write", over),
    ]
    return [
        _stranger(),
        *(
            _caller(name, authorization=f"Bearer {_token(user, scope, expiry)}")
            for name, user, scope, expiry in wanted
        ),
    ]


def _token(user: User, scope: str, expiry: timedelta) -> str:
    return ApiToken.objects.create(user=user, scope=scope, expiry=expiry)[1]


def credentials(people: Mapping[str, User], *, is_by_keys: bool) -> list[Caller]:
    """Return everybody with a credential of theirs, and machines of each kind.

    With keys, or with the access token that they are worth. A machine is in no team: what members
    own is not for it to write.
    """
    kinds: list[tuple[str, dict[str, Any]]] = [
        *((name, {"user": user}) for name, user in people.items()),
        ("viewer", {"role": "viewer"}),
        ("member of another", {"role": "member"}),
        ("moderator", {"role": "moderator", "blueprints": ["service", TEAM, USER]}),
        ("read token", {"scope": "read"}),
        ("write token", {}),
        ("expired token", {}),
    ]
    callers = [_stranger()]
    for number, (name, parts) in enumerate(kinds):
        given = {"name": f"{number}, {is_by_keys}", "scope": "write", **parts}
        row, secrets = create_credential(by=SHELL, now=timezone.now(), **given)
        callers.append(_caller(name, **_headers(row, secrets, is_by_keys=is_by_keys)))
    past = timezone.now() - timedelta(days=1)
    # The last of them.
    ApiCredential.objects.filter(pk=row.pk).update(expires_at=past)
    return callers


def _headers(row: ApiCredential, secrets: Secrets, *, is_by_keys: bool) -> dict[str, str]:
    if is_by_keys:
        return {"dd-api-key": secrets.api_key, "dd-application-key": secrets.app_key}
    return {"authorization": f"Bearer {tokens.issue(row, now=timezone.now())}"}


def _caller(name: str, **headers: str) -> Caller:
    return Caller(name, headers)


def _stranger() -> Caller:
    return _caller("anonymous")
