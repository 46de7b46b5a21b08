"""Clients that come with a token."""

from rest_framework.test import APIClient


def client_with(token: str, scheme: str = "Bearer") -> APIClient:
    """Return a client that sends this token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {token}")
    return client
