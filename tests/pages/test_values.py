"""What is shown for a value: the kind, the words, and what is never made a link or markup."""

import pytest

from portal.dashboards.markdown import to_html
from portal.dashboards.properties import Property
from portal.dashboards.values import Kind, Shown, show


def prop(**parts):
    return Property(identifier="x", title="X", **parts)


@pytest.mark.parametrize(
    ("value", "definition", "kind", "text"),
    [
        (None, prop(type="string"), Kind.MISSING, ""),
        ("", prop(type="string"), Kind.MISSING, ""),
        ([], prop(type="array"), Kind.MISSING, ""),
        (0, prop(type="number", unit="h"), Kind.NUMBER, "0 h"),
        (False, prop(type="boolean", options=(True, False)), Kind.BOOLEAN, "No"),
        ("Elite", prop(type="string", colors={"Elite": "lime"}), Kind.CHIP, "Elite"),
        ("new", prop(type="string", options=("old",)), Kind.CHIP, "new"),
        ("2026-01-02T03:04:05Z", prop(format="date-time"), Kind.MOMENT, "2026-01-02T03:04:05Z"),
        ("soon", prop(format="date-time"), Kind.TEXT, "soon"),
        # What a mirror reads, its definition does not say.
        ("2026-01-02T03:04:05Z", prop(), Kind.MOMENT, "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05Z", prop(type="string"), Kind.TEXT, "2026-01-02T03:04:05Z"),
        ("2026-01-02T99:99", prop(), Kind.TEXT, "2026-01-02T99:99"),
        ("https://www.example.org/a/", prop(format="url"), Kind.LINK, "example.org/a"),
        ("javascript:alert(1)", prop(format="url"), Kind.TEXT, "javascript:alert(1)"),
        ("https://[", prop(format="url"), Kind.TEXT, "https://["),
        ("a@example.org", prop(format="email"), Kind.MAIL, "a@example.org"),
        ({"url": "https://e.org", "displayText": "E"}, prop(type="object"), Kind.LINK, "E"),
        ({"name": "Code", "type": "repo", "url": "https://e.org"}, prop(), Kind.LINK, "Code"),
        ({"name": "Code", "url": "javascript:alert(1)"}, prop(), Kind.TEXT, "Code"),
        ({"type": "email", "contact": "a@example.org"}, prop(), Kind.MAIL, "a@example.org"),
        ({"type": "slack", "name": "Help", "contact": "#web"}, prop(), Kind.TEXT, "Help: #web"),
        ({"type": "slack", "contact": "#web"}, prop(), Kind.TEXT, "slack: #web"),
        ({"type": "chat", "contact": "https://e.org/x"}, prop(), Kind.LINK, "e.org/x"),
        ({"url": "data:text/html,x"}, prop(type="object"), Kind.TEXT, "data:text/html,x"),
        ({"a": 1}, prop(type="object"), Kind.CODE, '{\n  "a": 1\n}'),
        ("# Hi", prop(format="markdown"), Kind.MARKDOWN, "# Hi"),
        (7, prop(format="url"), Kind.NUMBER, "7"),
    ],
)
def test_a_value_is_shown_by_its_property_and_its_shape(value, definition, kind, text):
    shown = show(value, definition)
    assert (shown.kind, shown.text) == (kind, text)


def test_a_list_shows_each_of_its_items():
    shown = show(["https://e.org", 3], prop(type="array", format="url"))
    assert shown.items == (
        Shown(Kind.LINK, "e.org", href="https://e.org"),
        Shown(Kind.NUMBER, "3"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "![x](https://elsewhere.example/track.png)",
        "<a href='https://e.org' style='position:fixed'>x</a>",
        "[x](data:text/html;base64,AAAA)",
    ],
)
def test_markdown_brings_in_neither_script_nor_style_nor_another_server(text):
    html = to_html(text)
    for bad in ("<script", "<img", 'href="javascript', 'href="data', "<a href='", '<a href="https'):
        assert bad not in html


def test_markdown_is_rendered():
    assert to_html("**yes** and [this](https://e.org)") == (
        '<p><strong>yes</strong> and <a href="https://e.org" rel="noopener nofollow">this</a></p>\n'
    )
