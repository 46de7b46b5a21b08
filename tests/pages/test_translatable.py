"""What people read stands in templates as what can be translated."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

TEMPLATES = Path(__file__).parents[2] / "templates"
# The admin's own words are those of its theme.
OURS = sorted(path for path in TEMPLATES.rglob("*.html") if "admin" not in path.parts)
READ_ATTRIBUTES = re.compile(r'\s(?:aria-label|title|placeholder|alt)="([^"]*)"')
TAGS = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
# Names, keys and what is drawn.
NAMES = {
    "Bronze",
    "Silver",
    "Gold",
    "Tidemark",
    "Ctrl",
    "SVG",
    "CSV",
    "XLSX",
    "JSON",
    "DORA",
    "API",
}
# A tag inside of a start tag would end its text too early.
VALUE = "\0"


def texts_of(source: str) -> Iterator[str]:
    """Yield the texts of a template that are not up for translation."""
    kept, inside = [], ""
    for token in Lexer(source).tokenize():
        name = token.contents.split(" ", 1)[0]
        if token.token_type == TokenType.BLOCK and name in ("comment", "blocktranslate"):
            inside = f"end{name}"
        elif token.token_type == TokenType.BLOCK and name == inside:
            inside = ""
        elif not inside:
            kept.append(token.contents if token.token_type == TokenType.TEXT else VALUE)
    html = "".join(kept)
    yield from READ_ATTRIBUTES.findall(html)
    yield from TAGS.sub("\n", html).split("\n")


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", re.sub(r"&\w+;", "", text))) - NAMES


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_says_nothing_that_cannot_be_translated(path: Path) -> None:
    said = {
        text.replace(VALUE, "…").strip() for text in texts_of(path.read_text()) if words_of(text)
    }
    assert said == set()


def test_the_scan_sees_text_and_attributes_and_no_markup() -> None:
    source = """{% comment %}Not this.{% endcomment %}<a class="card" href="{% url 'x' %}"
        title="Hover {{ x }}">Read{{ y }}</a>{% translate "Not this" %}
        {% blocktranslate %}Nor <b>this</b>{% endblocktranslate %}"""
    found = [text.strip() for text in texts_of(source) if words_of(text)]
    assert found == ["Hover \0", "Read\0"]
