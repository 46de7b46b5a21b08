"""The address of the site, which links in messages begin with."""

import pytest
from django.test import override_settings

from portal.checks import check_own_address
from portal.integrations.notices import links


@pytest.mark.parametrize(
    ("address", "is_usable"),
    [
        ("", True),
        ("https://portal.example.com", True),
        ("http://portal.internal:8000/tidemark", True),
        ("portal.example.com", False),
        ("javascript:alert(1)", False),
    ],
)
def test_an_address_that_is_none_is_told_before_the_site_starts(
    address: str, is_usable: bool
) -> None:
    with override_settings(TIDEMARK_URL=address):
        assert (check_own_address() == []) == is_usable


def test_links_lead_to_pages_of_the_site() -> None:
    assert links.team_link("a/b") == "https://t.example/teams/a/b/"
    assert links.entity_link("service", "a b") == "https://t.example/catalog/service/a%20b/"
    assert links.scorecard_link("quality") == "https://t.example/scorecards/quality/"


@override_settings(TIDEMARK_URL="")
def test_a_site_that_does_not_know_its_address_makes_no_links() -> None:
    assert links.team_link("core") == ""
    assert links.home_links("core") == ()
