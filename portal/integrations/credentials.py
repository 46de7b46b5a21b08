"""Making credentials, and telling whose they are."""

import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.errors import Invalid, NotFound
from catalog.operations import UNSET, history
from catalog.registry import require_blueprints
from portal.integrations.models import ApiCredential
from portal.models import ApiToken, TokenRole, User
from portal.permissions import Actor

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Secrets:
    """What a new credential is told once, and by which it comes in from then on."""

    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)
    app_key: str = field(repr=False)

    def as_json(self) -> str:
        """Return the JSON object by which commands and pages hand them over."""
        return json.dumps(
            {
                "clientId": self.client_id,
                "clientSecret": self.client_secret,
                "apiKey": self.api_key,
                "appKey": self.app_key,
            }
        )


def _new_secrets() -> Secrets:
    # Keys have the lengths and digits that clients check before they send them.
    return Secrets(
        client_id=f"tdm{secrets.token_hex(16)}",
        client_secret=secrets.token_urlsafe(48),
        api_key=secrets.token_hex(16),
        app_key=secrets.token_hex(20),
    )


@transaction.atomic
def create_credential(
    *,
    name: str,
    scope: str,
    by: Actor,
    now: datetime,
    user: User | None = None,
    role: str = TokenRole.ADMIN,
    blueprints: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiCredential, Secrets]:
    """Make a credential, of all blueprints where none are named, for ever where it has no end.

    It is that of a machine where it is not a user's.
    Raises `Invalid` where the name is taken or something does not fit, and `Forbidden` unless
    whoever makes it may do whatever it may.
    """
    by.must_edit_catalog("credentials")
    _require_free(name)
    if user is not None and not user.is_active:
        raise Invalid.at("user", f"'{user.get_username()}' is not active; nothing lets them in")
    if role not in TokenRole.values:
        raise Invalid.at("role", f"must be one of {', '.join(TokenRole.values)}")
    require_blueprints(blueprints)
    _require_to_come(expires_at, now)
    made = _new_secrets()
    row = ApiCredential.objects.create(
        name=name,
        user=user,
        scope=scope,
        role=role,
        blueprints=list(blueprints),
        expires_at=expires_at,
        client_id=made.client_id,
        secret_digest=digest(made.client_secret),
        api_key_digest=digest(made.api_key),
        app_key_digest=digest(made.app_key),
        created_at=now,
    )
    _record(name, before={}, after=_told(row), by=by, now=now)
    return row, made


def _told(row: ApiCredential) -> dict[str, Any]:
    """Return what history tells of a credential; limits only where it has any."""
    told: dict[str, Any] = {"name": row.name, "scope": row.scope}
    if row.user:
        told["user"] = row.user.get_username()
    if row.role != TokenRole.ADMIN:
        told["role"] = str(row.role)
    if row.blueprints:
        told["blueprints"] = row.blueprints
    if row.expires_at:
        told["expires_at"] = row.expires_at.isoformat()
    return told


@transaction.atomic
def change_credential(
    *,
    credential: ApiCredential,
    by: Actor,
    now: datetime,
    name: str | None = None,
    is_enabled: bool | None = None,
    expires_at: datetime | None = UNSET,
) -> ApiCredential:
    """Rename a credential, let it in no more, or again, or until when; what is not given stays.

    Raises `Invalid` where the name is taken or does not fit, or the moment has passed.
    """
    row = _locked(credential)
    before = _changeable(row)
    if name is not None and name != row.name:
        _require_free(name)
        row.name = name
    if is_enabled is not None:
        row.is_enabled = is_enabled
    if expires_at is not UNSET and expires_at != row.expires_at:
        _require_to_come(expires_at, now)
        row.expires_at = expires_at
    after = _changeable(row)
    if after != before:
        row.save(update_fields=["name", "is_enabled", "expires_at"])
        _record(before["name"], before=before, after=after, by=by, now=now)
    return row


@transaction.atomic
def rotate_credential(*, credential: ApiCredential, by: Actor, now: datetime) -> Secrets:
    """Give a credential new secrets in place of all it has; its client id stays.

    Access tokens and keys that were given out are void from then on.
    """
    row = _locked(credential)
    made = replace(_new_secrets(), client_id=row.client_id)
    row.secret_digest = digest(made.client_secret)
    row.api_key_digest = digest(made.api_key)
    row.app_key_digest = digest(made.app_key)
    row.save(update_fields=["secret_digest", "api_key_digest", "app_key_digest"])
    _record_rotation(row, "secret and keys", by=by, now=now)
    return made


@transaction.atomic
def rotate_secret(*, credential: ApiCredential, by: Actor, now: datetime) -> str:
    """Give a credential a new client secret, and leave its keys as they are."""
    row = _locked(credential)
    secret = _new_secrets().client_secret
    row.secret_digest = digest(secret)
    row.save(update_fields=["secret_digest"])
    _record_rotation(row, "secret", by=by, now=now)
    return secret


@transaction.atomic
def delete_credential(*, credential: ApiCredential, by: Actor, now: datetime) -> None:
    """Delete a credential, which lets nobody in any more."""
    row = _locked(credential)
    _record(row.name, before=_told(row), after={}, by=by, now=now)
    row.delete()


def _changeable(row: ApiCredential) -> dict[str, Any]:
    known = {"name": row.name, "enabled": row.is_enabled}
    return {**known, "expires_at": _moment(row)} if row.expires_at else known


def _moment(row: ApiCredential) -> str | None:
    return row.expires_at.isoformat() if row.expires_at else None


def _require_to_come(moment: datetime | None, now: datetime) -> None:
    if moment is not None and moment <= now:
        raise Invalid.at("expires_at", "this moment has passed; choose a later one")


def _require_free(name: str) -> None:
    if not name.strip() or len(name) > 100 or "\x00" in name:
        raise Invalid.at("name", "give a text of 1 to 100 characters")
    if ApiCredential.objects.filter(name=name).exists():
        raise Invalid.at("name", f"there is a credential '{name}' already; choose another name")


def _locked(credential: ApiCredential) -> ApiCredential:
    row = ApiCredential.objects.select_for_update().filter(pk=credential.pk).first()
    if row is None:
        raise NotFound(f"There is no credential '{credential.name}' any more.")
    return row


def _record_rotation(row: ApiCredential, what: str, *, by: Actor, now: datetime) -> None:
    told = {"name": row.name}
    _record(row.name, before=told, after={**told, "rotated": what}, by=by, now=now)


def _record(
    name: str, *, before: dict[str, Any], after: dict[str, Any], by: Actor, now: datetime
) -> None:
    history.record_change(
        kind="credential", identifier=name, before=before, after=after, by=by, now=now
    )


@transaction.atomic
def follow_blueprint(*, old: str, new: str) -> None:
    """Have what is limited to a blueprint, of machines and of people, know its new identifier."""
    for model in (ApiCredential, ApiToken):
        for row in model.objects.exclude(blueprints=[]).select_for_update().order_by("pk"):
            if old in row.blueprints:
                row.blueprints = [new if name == old else name for name in row.blueprints]
                row.save(update_fields=["blueprints"])


def digest(secret: str) -> str:
    """Return what is stored in place of a secret: its SHA-256 in hexadecimal."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


def live_credentials() -> QuerySet[ApiCredential]:
    """Return the credentials that let somebody in: enabled, not past their day, nor their user."""
    lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    welcome = Q(user=None) | Q(user__is_active=True)
    return ApiCredential.objects.filter(lasting, welcome, is_enabled=True).select_related("user")


def find_by_secret(client_id: str, client_secret: str) -> ApiCredential | None:
    """Return the enabled credential with this id and secret."""
    if "\x00" in client_id:
        return None
    row = live_credentials().filter(client_id=client_id).first()
    if row is None or not compare_digest(row.secret_digest, digest(client_secret)):
        return None
    return row


def find_by_keys(api_key: str, app_key: str | None) -> ApiCredential | None:
    """Return the enabled credential with this API key and, unless None, this application key."""
    row = live_credentials().filter(api_key_digest=digest(api_key)).first()
    if row is None or app_key is None:
        return row
    return row if compare_digest(row.app_key_digest, digest(app_key)) else None


def note_use(credential: ApiCredential, now: datetime) -> None:
    """Store when a credential was last used, to the minute: a read should not cost a write."""
    last = credential.last_used_at
    if last is not None and now - last < timedelta(minutes=1):
        return
    try:
        ApiCredential.objects.filter(pk=credential.pk).update(last_used_at=now)
    except OperationalError as error:
        # Somebody holds the write lock; that is no reason to refuse a read.
        logger.warning("The use of credential %s was not noted: %s", credential.client_id, error)


@dataclass(frozen=True)
class Machine:
    """The user behind a request that came with a credential, as permissions see users."""

    credential: ApiCredential

    is_active = True
    is_authenticated = True
    is_staff = True
    pk = None

    def get_username(self) -> str:
        """Return the name that history shows."""
        return self.credential.name


def admit(credential: ApiCredential) -> tuple[User | Machine, ApiCredential]:
    """Return who comes in with a credential, and the credential; note that it was used."""
    note_use(credential, timezone.now())
    return credential.user or Machine(credential), credential
