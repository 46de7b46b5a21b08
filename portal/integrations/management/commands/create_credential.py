"""Make an API credential: `manage.py create_credential NAME --json`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.errors import Invalid
from portal.integrations.credentials import create_credential
from portal.integrations.models import ApiCredential
from portal.management.commands.create_token import find_user
from portal.models import TokenRole
from portal.permissions import SHELL

MAX_DAYS = 3_650


class Command(BaseCommand):
    """What is secret is printed once: only digests are kept."""

    help = "Make a credential for the wire dialects and print its secrets, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare for whom and for what."""
        parser.add_argument("name", help="what it is for, to know it by later; history shows it")
        parser.add_argument("--user", help="whose it is: username or e-mail; a machine's")
        parser.add_argument(
            "--scope",
            choices=ApiCredential.Scope.values,
            default=ApiCredential.Scope.WRITE,
            help="what it may do (%(default)s)",
        )
        parser.add_argument(
            "--role",
            choices=TokenRole.values,
            default=TokenRole.ADMIN,
            help="what it may do at most (%(default)s)",
        )
        parser.add_argument(
            "--blueprint",
            action="append",
            default=[],
            help="limit it to this blueprint; may be repeated",
        )
        parser.add_argument("--days", type=int, help=f"lifetime, 1 to {MAX_DAYS}; without, no end")
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(
        self,
        *,
        name: str,
        user: str | None,
        scope: str,
        role: str,
        blueprint: list[str],
        days: int | None,
        json: bool,
        **_options: Any,
    ) -> None:
        """Make the credential and print it."""
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--days takes a number from 1 to {MAX_DAYS}.")
        now = timezone.now()
        try:
            _row, made = create_credential(
                name=name,
                user=find_user(user) if user else None,
                scope=scope,
                role=role,
                blueprints=blueprint,
                expires_at=now + timedelta(days=days) if days else None,
                by=SHELL,
                now=now,
            )
        except Invalid as error:
            raise CommandError(str(error)) from error
        if json:
            self.stdout.write(made.as_json())
            return
        for label, value in vars(made).items():
            self.stdout.write(f"{label.replace('_', ' '):14} {value}")
