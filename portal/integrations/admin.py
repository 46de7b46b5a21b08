"""The admin pages of what other systems plug into."""

from portal.integrations import (
    admin_credentials,
    admin_data_migrations,
    admin_integrations,
    admin_webhooks,
)

__all__ = [
    "admin_credentials",
    "admin_data_migrations",
    "admin_integrations",
    "admin_webhooks",
]
