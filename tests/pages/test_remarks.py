"""Remarks are text: what is a web address in them becomes a link, and nothing else does."""

import pytest

from portal.dashboards.remarks import remark

SITE = "https://ci.example.org/runs/7"


def parts(text):
    return [(part.text, part.href) for part in remark(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Two findings", [("Two findings", "")]),
        (SITE, [("ci.example.org/runs/7", SITE)]),
        (f"See {SITE}.", [("See ", ""), ("ci.example.org/runs/7", SITE), (".", "")]),
        (f"({SITE})", [("(", ""), ("ci.example.org/runs/7", SITE), (")", "")]),
        (f"[run 7]({SITE})", [("run 7", SITE)]),
        (f'<a href="{SITE}">run 7</a>!', [("run 7", SITE), ("!", "")]),
        (f"<a class='x' href='{SITE}?a=1&amp;b=2'>R&amp;D</a>", [("R&D", f"{SITE}?a=1&b=2")]),
        (f'<a href="{SITE}"> </a>', [(SITE, SITE)]),
        ("<b>bold</b> *stars* `code`", [("<b>bold</b> *stars* `code`", "")]),
        ("ask ops@example.org", [("ask ops@example.org", "")]),
        ("<a href='javascript:alert(1)'>run</a>", [("run", "")]),
        ("[run](javascript:alert(1))", [("[run](javascript:alert(1))", "")]),
        ("data:text/html,x", [("data:text/html,x", "")]),
        ("http://[::1", [("http://[::1", "")]),
        ("https://", [("https://", "")]),
    ],
)
def test_only_web_addresses_become_links(text, expected):
    assert parts(text) == expected


@pytest.mark.parametrize("unit", ["<a ", "<a href='", "[", "[a](", "http", "\\", "\u202e", "<a>"])
def test_what_only_looks_like_a_link_is_shown_as_it_is(unit):
    assert parts(unit * 1_000) == [(unit * 1_000, "")]
