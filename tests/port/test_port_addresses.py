"""Parts of addresses that hold slashes."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import Resolver404, path, resolve

from portal.integrations.addresses import WholeSegments


def _view(request: HttpRequest, **_kwargs: str) -> HttpResponse:
    return HttpResponse()


class Urls:
    """A tiny site of its own."""

    urlpatterns = (path("v1/things/<segment:thing>/parts/<segment:part>", _view),)


def _resolved(sent: str, **meta: str) -> dict[str, str]:
    request = RequestFactory().get(sent, **{"RAW_URI": sent, **meta})
    WholeSegments(lambda _request: HttpResponse())(request)
    return resolve(request.path_info, Urls).kwargs


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("/v1/things/a/parts/b", {"thing": "a", "part": "b"}),
        ("/v1/things/a%2Fb/parts/c%2fd", {"thing": "a/b", "part": "c/d"}),
        ("/v1/things/%D1%8F/parts/a+b%2Bc", {"thing": "я", "part": "a+b+c"}),
        ("/v1/things/a%252Fb/parts/x", {"thing": "a%2Fb", "part": "x"}),
        ("/v1/things/a%2Fb/parts/x?q=%2F/", {"thing": "a/b", "part": "x"}),
    ],
)
def test_an_encoded_slash_stays_in_its_part(sent: str, wanted: dict[str, str]) -> None:
    assert _resolved(sent) == wanted


def test_a_slash_that_is_not_encoded_parts() -> None:
    with pytest.raises(Resolver404):
        _resolved("/v1/things/a/b/parts/c")


def test_a_site_below_a_prefix_finds_its_parts() -> None:
    sent = "/portal/v1/things/a%2Fb/parts/c"
    request = RequestFactory().get("/v1/things/a/b/parts/c", RAW_URI=sent, SCRIPT_NAME="/portal")
    request.path_info = "/v1/things/a/b/parts/c"
    WholeSegments(lambda _request: HttpResponse())(request)
    assert resolve(request.path_info, Urls).kwargs == {"thing": "a/b", "part": "c"}


def test_other_addresses_are_left_alone() -> None:
    request = RequestFactory().get("/catalog/a%2Fb", RAW_URI="/catalog/a%2Fb")
    WholeSegments(lambda _request: HttpResponse())(request)
    assert request.path_info == "/catalog/a/b"
