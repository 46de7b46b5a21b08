"""Remove the second factor of somebody who has lost it."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Let somebody in with the password alone, until they set a second factor up again."""

    help = "Remove the second factor and the recovery codes of a user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name."""
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove what there is; say how many."""
        if not settings.TIDEMARK_USES_SSO:
            raise CommandError("There are no second factors: TIDEMARK_MFA is not set.")
        from allauth.mfa.models import Authenticator

        count, _ = Authenticator.objects.filter(user__username=options["username"]).delete()
        if not count:
            raise CommandError(f"{options['username']!r} has no second factor.")
        self.stdout.write(f"Removed the second factor of {options['username']}.")
