"""The REST routes of this app."""

from rest_framework.routers import BaseRouter


def register(router: BaseRouter) -> None:
    """Add the routes to the router of the site."""
