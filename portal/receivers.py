"""What the audit log has of users, tokens and sessions, whoever writes them.

They have no operations: Django, its commands and libraries save them too. Passwords, digests and
tokens are never in it.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save, pre_save
from django.http import HttpRequest
from django.utils import timezone

from catalog.models import Change
from catalog.operations import history
from portal.client_addresses import address_of
from portal.current_request import current_actor, door_of
from portal.models import ApiToken, User
from portal.permissions import Actor

Document = dict[str, Any]

_USER_FIELDS = (
    "username", "email", "first_name", "last_name", "role", "is_active", "is_staff",
    "is_superuser",
)  # fmt: skip
MOST_TYPED = 200


def connect() -> None:
    """Connect the receivers."""
    for model in (User, ApiToken):
        pre_save.connect(saving, sender=model, dispatch_uid="portal.saving")
        post_save.connect(saved, sender=model, dispatch_uid="portal.saved")
        post_delete.connect(deleted, sender=model, dispatch_uid="portal.deleted")
    user_logged_in.connect(logged_in, dispatch_uid="portal.logged_in")
    user_logged_out.connect(logged_out, dispatch_uid="portal.logged_out")
    user_login_failed.connect(login_failed, dispatch_uid="portal.login_failed")


def _user_document(user: User) -> Document:
    return {name: getattr(user, name) for name in _USER_FIELDS}


def _token_document(token: ApiToken) -> Document:
    return {
        "name": token.name,
        "user": token.user.get_username(),
        "scope": token.scope,
        "role": token.role,
        "blueprints": token.blueprints,
        "expiry": token.expiry.isoformat() if token.expiry else None,
    }


_DOCUMENTS: dict[type, Callable[[Any], Document]] = {
    User: _user_document,
    ApiToken: _token_document,
}


def saving(
    sender: type, instance: Any, update_fields: Any = None, raw: bool = False, **_: Any
) -> None:
    """Remember what is stored before a save. That somebody came in is told of the session."""
    instance._stored = None
    instance._is_told = not raw and set(update_fields or ["any"]) != {"last_login"}
    if instance._is_told and not instance._state.adding:
        instance._stored = sender._default_manager.filter(pk=instance.pk).first()


def saved(sender: type, instance: Any, **_: Any) -> None:
    """Tell of a save, if it changed something."""
    if not instance._is_told:
        return
    stored, document = instance._stored, _DOCUMENTS[sender]
    before, after = document(stored) if stored else {}, document(instance)
    if stored and isinstance(instance, User) and stored.password != instance.password:
        before["password"], after["password"] = "(former)", "(new)"
    if history.difference(before, after):
        _record(instance, before, after)


def deleted(sender: type, instance: Any, **_: Any) -> None:
    """Tell of a deletion."""
    _record(instance, _DOCUMENTS[sender](instance), {})


def _record(instance: User | ApiToken, before: Document, after: Document) -> None:
    is_user = isinstance(instance, User)
    history.record_difference(
        kind="user" if is_user else "token",
        # The first characters of a token, by which the lists call it.
        identifier=instance.get_username() if isinstance(instance, User) else instance.token_key,
        before=before,
        after=after,
        by=current_actor(),
        now=timezone.now(),
    )


def logged_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Tell that somebody came in."""
    _record_session(request, user, {}, {"user": user.get_username()})


def logged_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    """Tell that somebody left."""
    if user is not None:
        _record_session(request, user, {"user": user.get_username()}, {})


def _record_session(request: HttpRequest, user: User, before: Document, after: Document) -> None:
    by = Actor(
        label=user.get_username(),
        user_id=user.pk,
        source=door_of(request),
        address=address_of(request),
    )
    history.record_change(
        kind="session",
        identifier=user.get_username(),
        before=before,
        after=after,
        by=by,
        now=timezone.now(),
    )


def login_failed(
    sender: Any, credentials: Document, request: HttpRequest | None = None, **_: Any
) -> None:
    """Tell that somebody was refused, with the name that was typed and nothing else."""
    typed = str(credentials.get(User.USERNAME_FIELD) or credentials.get("email") or "")
    row = history.change(
        kind="session",
        identifier=typed.replace("\x00", "")[:MOST_TYPED],
        before={},
        after={},
        by=Actor(
            label="",
            source=door_of(request) if request else "shell",
            address=address_of(request) if request else "",
        ),
        now=timezone.now(),
    )
    row.action = Change.Action.REFUSED
    history.record([row])
