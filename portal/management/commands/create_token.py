"""Make an API token: `manage.py create_token USER --scope read|write`."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from catalog.errors import Invalid
from catalog.registry import require_blueprints
from portal.models import ApiToken, TokenRole, User
from portal.permissions import may_write, rights_of

MAX_DAYS = 3_650


class Command(BaseCommand):
    """The token is printed once: only its digest is kept."""

    help = "Make a token for the REST API and print it, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare for whom, for what and for how long."""
        parser.add_argument("user", help="username or e-mail address")
        parser.add_argument(
            "--scope", choices=ApiToken.Scope.values, required=True, help="what the token may do"
        )
        parser.add_argument("--name", default="", help="what it is for, to know it by later")
        parser.add_argument(
            "--days", type=int, default=90, help=f"lifetime, 1 to {MAX_DAYS} (%(default)s)"
        )
        parser.add_argument(
            "--role", choices=TokenRole.values, default="", help="the most it may do; its owner's"
        )
        parser.add_argument(
            "--blueprint",
            action="append",
            default=[],
            help="limit it to this blueprint; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(
        self,
        *,
        user: str,
        scope: str,
        name: str,
        days: int,
        role: str,
        blueprint: list[str],
        json: bool,
        **_options: Any,
    ) -> None:
        """Make the token and print it."""
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--days takes a number from 1 to {MAX_DAYS}.")
        if len(name) > 100:
            raise CommandError("--name takes at most 100 characters.")
        owner = find_user(user)
        try:
            require_blueprints(blueprint)
        except Invalid as error:
            raise CommandError(str(error)) from error
        row, token = ApiToken.objects.create(
            user=owner,
            expiry=timedelta(days=days),
            scope=scope,
            name=name,
            role=role,
            blueprints=blueprint,
        )
        if scope == ApiToken.Scope.WRITE and not may_write(owner, row):
            role = rights_of(owner, row).role.lower()
            self.stderr.write(f"As {role}, {owner.username} only reads, and so will the token.")
        self.stdout.write(_as_json(row, token) if json else token)


def find_user(name: str) -> User:
    """Return the user of this name or address; raises `CommandError`."""
    user = User.objects.filter(Q(username=name) | Q(email__iexact=name)).first()
    if user is None:
        raise CommandError(f"There is no user '{name}'; give a username or an e-mail address.")
    if not user.is_active:
        raise CommandError(f"'{name}' is not active: no token of theirs would be accepted.")
    return user


def _as_json(row: ApiToken, token: str) -> str:
    return json.dumps(
        {
            "token": token,
            "user": row.user.username,
            "scope": row.scope,
            "name": row.name,
            "role": row.role,
            "blueprints": row.blueprints,
            "expires_at": row.expiry.isoformat(),
        }
    )
