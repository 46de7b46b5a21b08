"""The admin pages of what other systems plug into."""

from portal.integrations import (
    admin_ai_activity,
    admin_channels,
    admin_credentials,
    admin_data_migrations,
    admin_integrations,
    admin_notices,
    admin_webhooks,
)

__all__ = [
    "admin_ai_activity",
    "admin_channels",
    "admin_credentials",
    "admin_data_migrations",
    "admin_integrations",
    "admin_notices",
    "admin_webhooks",
]
