"""The message broker, as those who run the site see it."""

from django.conf import settings
from kombu import Connection
from kombu.exceptions import ChannelError, OperationalError

from portal.celery import app, background

QUEUE = "celery"


class BrokerAway(Exception):
    """The broker does not answer; the message says why."""


def broker_name() -> str:
    """Return where the broker is, without its password; empty where there is none."""
    return Connection(settings.CELERY_BROKER_URL).as_uri() if settings.CELERY_BROKER_URL else ""


def queue_depth() -> int:
    """Return how many tasks wait for a worker, or in this process; raises `BrokerAway`."""
    if not settings.CELERY_BROKER_URL:
        return background.waiting
    try:
        with app.connection_for_read(settings.CELERY_BROKER_URL) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
            return _messages(connection)
    except (OperationalError, OSError) as error:
        raise BrokerAway(str(error) or type(error).__name__) from error


def _messages(connection: Connection) -> int:
    try:
        return connection.default_channel.queue_declare(QUEUE, passive=True).message_count
    except ChannelError:
        return 0  # no task was ever sent
