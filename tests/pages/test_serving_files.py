"""What goes with pages: static files that are compressed and kept, and how long answers took."""

import gzip

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from portal.middleware import ServerTimingMiddleware

STYLES = "/static/tidemark/components.css"


def content(response) -> bytes:
    """Return the body of an answer, streamed or not."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_static_files_are_compressed_for_those_who_take_that(client: Client):
    plain = client.get(STYLES)
    small = client.get(STYLES, headers={"Accept-Encoding": "gzip"})
    whole, packed = content(plain), content(small)
    assert small["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small["Vary"]
    assert gzip.decompress(packed) == whole
    assert len(packed) < len(whole) / 3


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_browser_keeps_static_files_and_asks_only_whether_they_changed(client: Client, encoding):
    first = client.get(STYLES, headers={"Accept-Encoding": encoding})
    assert "max-age=" in first["Cache-Control"]
    headers = {"Accept-Encoding": encoding, "If-None-Match": first["ETag"]}
    again = client.get(STYLES, headers=headers)
    assert (again.status_code, content(again)) == (304, b"")


@pytest.mark.django_db
def test_pages_are_not_compressed_here(client: Client):
    # They carry tokens beside what an address says: that is for whoever stands in front to weigh.
    page = client.get(reverse("login"), headers={"Accept-Encoding": "gzip"})
    assert page.status_code == 200
    assert "Content-Encoding" not in page


@override_settings(TIDEMARK_SERVER_TIMING=True)
def test_an_answer_tells_how_long_it_took_where_that_is_asked_for():
    middleware = ServerTimingMiddleware(lambda request: HttpResponse("done"))
    told = middleware(RequestFactory().get("/"))["Server-Timing"]
    assert told.startswith("total;dur=")
    assert "cpu;dur=" in told


def test_answers_tell_nothing_of_it_by_default(client: Client):
    assert "Server-Timing" not in client.get(STYLES)
