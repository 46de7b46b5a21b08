"""The OpenAPI document and the page that shows it."""

import re

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from portal.models import User


def test_the_document_is_made_without_a_warning(tmp_path) -> None:
    path = tmp_path / "schema.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(path))
    document = yaml.safe_load(path.read_text())
    listed = document["paths"]["/api/entities/{blueprint}/{identifier}/"]
    assert set(listed) == {"get", "put", "patch", "delete"}
    assert set(listed["patch"]["responses"]) == {"200", "400", "401", "403", "404"}
    assert document["components"]["securitySchemes"] == {
        "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        "token": {"type": "http", "scheme": "bearer"},
    }


def test_the_schema_is_served_to_those_who_may_come_in(client: APIClient) -> None:
    response = client.get("/api/schema/")
    assert response.status_code == 200
    assert yaml.safe_load(response.content)["info"]["title"] == "Tidemark"


@pytest.mark.django_db
def test_the_page_of_the_schema_needs_nothing_from_elsewhere(editor: User) -> None:
    client = Client()
    client.force_login(editor)
    page = client.get("/api/docs/").content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    ours = ("/static/drf_spectacular_sidecar/", "/static/tidemark/", "/api/docs/?script=")
    assert all(source.startswith(ours) for source in sources)
    assert all(client.get(source).status_code == 200 for source in sources)
