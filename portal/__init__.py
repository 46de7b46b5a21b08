"""The site: settings, addresses, the Celery application, and the floor that every app stands on."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
