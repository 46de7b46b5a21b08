"""The form that asks for a new password."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm


class ResetForm(PasswordResetForm):
    """Django's, with links to the address of this site where that is set.

    What a request says that the host is called is not for a mail to somebody else.
    """

    def save(self, **options: Any) -> None:
        """Send the mail."""
        if settings.TIDEMARK_URL:
            own = urlsplit(settings.TIDEMARK_URL)
            options |= {"domain_override": own.netloc, "use_https": own.scheme == "https"}
        super().save(**options)
