"""Every address of the dialect, asked in every way."""

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern

from catalog.models import Entity
from portal.integrations.port import urls
from tests.builders import make_blueprint
from tests.port.clients import PortClient

METHODS = ("get", "post", "put", "patch", "delete", "options", "head")


def addresses() -> Iterator[str]:
    """Yield all addresses, with something that is not there in the place of each part."""
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        if route := str(pattern.pattern):
            yield "/" + re.sub(r"<(\w+):\w+>", _part, route)


def _part(match: re.Match[str]) -> str:
    return "_scorecard" if match[1] == "derived" else "nothing"


@pytest.mark.parametrize("address", list(addresses()))
def test_no_way_of_asking_breaks_anything(port: PortClient, address: str) -> None:
    answers = {method: port.send(method, address) for method in METHODS}
    broken = [method for method, answer in answers.items() if answer.status_code == 500]
    assert broken == []


@pytest.mark.parametrize("path", ["/blueprints/service/entities", "/ingest/webhooks/nothing"])
def test_a_body_in_chunks_is_not_taken_for_none(port: PortClient, path: str) -> None:
    make_blueprint()
    answer = port.client.post(
        f"/v1{path}",
        headers={"authorization": f"Bearer {port.token}", "transfer-encoding": "chunked"},
        CONTENT_LENGTH="",
    )
    assert (answer.status_code, answer.json()) == (
        411,
        {
            "ok": False,
            "error": "invalid_request",
            "message": "Send the length of the body in Content-Length; it may not come in chunks.",
        },
    )
    assert not Entity.objects.exists()
