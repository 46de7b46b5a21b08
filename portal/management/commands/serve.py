"""Serve the site from one process, with everything it needs inside: `manage.py serve`."""

import logging
import os
import socket
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.wsgi import get_wsgi_application
from django.db import connections
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from portal.celery import background, start_embedded_scheduler
from portal.health import unapplied_migrations
from portal.integrations.port.wrong_secrets import waiting_room

WORKING_THREADS = 8
# They only ever sleep: where clients that try a wrong secret again and again are kept.
WAITING_THREADS = 24


class Command(BaseCommand):
    """One web worker with some threads; without a broker also the tasks and their schedule.

    One worker, because a second would run the schedule a second time. To serve from more, configure
    a broker and run gunicorn and Celery beside each other.
    """

    help = "Serve the site on this machine; without a broker also run its tasks and their schedule."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where to listen and what to tell."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (%(default)s)"
        )
        parser.add_argument(
            "--port",
            type=int,
            default=os.environ.get("PORT", "8000"),
            help="port to listen on (PORT from the environment, else 8000)",
        )
        parser.add_argument("--message", default="", help="text to print below the address")

    def handle(self, *, host: str, port: int, message: str, **_options: Any) -> None:
        """Listen until interrupted; refuse a database that this code cannot work with."""
        _require_migrated()
        _require_free(host, port)
        connections.close_all()  # a connection must not be shared with the forked worker

        def tell(server: Arbiter) -> None:
            # The port is the listener's, so that --port 0 tells which one it got.
            address = f"http://{host}:{server.LISTENERS[0].getsockname()[1]}/"
            self.stdout.write(f"Tidemark is at {address}  (Ctrl-C stops it)")
            if message:
                self.stdout.write(message)

        Server(address=f"{host}:{port}", when_ready=tell).run()


def _require_migrated() -> None:
    if left := unapplied_migrations():
        raise CommandError(
            f"The database lacks {len(left)} migrations, of which the first is {left[0]}. Run "
            "manage.py migrate: it goes on where it was cut off."
        )


def _require_free(host: str, port: int) -> None:
    """Refuse early and in words; gunicorn would try five times and then print its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Cannot listen on {host}:{port}: {error}. Choose another with --port or PORT=."
            ) from None


class Server(BaseApplication):
    """gunicorn, configured here instead of by files and flags."""

    def __init__(self, *, address: str, when_ready: Callable[[Arbiter], None]) -> None:
        self.address = address
        self.when_ready = when_ready
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        options = {
            "bind": self.address,
            "workers": 1,
            "worker_class": "gthread",
            "threads": WORKING_THREADS + WAITING_THREADS,
            # The most that gunicorn bounds: addresses of lists carry conditions.
            "limit_request_line": 8190,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self.when_ready,
            "post_worker_init": _start,
            "worker_exit": lambda _server, _worker: background.stop(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application, in the worker."""
        return get_wsgi_application()


def _start(_worker: object) -> None:
    waiting_room.open(WAITING_THREADS)
    # Every run of every periodic task is a stored row; the terminal need not tell it as well.
    logging.getLogger("celery").setLevel(logging.WARNING)
    if not settings.CELERY_BROKER_URL:
        start_embedded_scheduler()
