"""Reading pages: what a test looks at in the HTML that came back."""

import re
from html import unescape

from django.http import HttpResponse

INLINE = re.compile(
    r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE
)


def html_of(response: HttpResponse) -> str:
    """Return the page, after checking that it is one."""
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def words_of(response: HttpResponse) -> str:
    """Return what a page says, without its markup."""
    text = re.sub(r"<[^>]+>", " ", html_of(response))
    return " ".join(unescape(text).split())


def row_names(response: HttpResponse, *, below: str = "") -> list[str]:
    """Return the heads of the rows of a page's tables, in order, below a heading if one is named.

    It is named by its id.
    """
    html = html_of(response)
    part = html.partition(f' id="{below}"')[2] if below else html
    body = "".join(re.findall(r"<tbody[^>]*>(.*?)</tbody>", part, re.DOTALL))
    heads = re.findall(r'<th scope="row">(.*?)</th>', body, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", head)).strip() for head in heads]


def assert_is_only_text(html: str) -> None:
    """Check that a page shows what is hostile, and that none of it became markup."""
    assert "alert(1)" in html
    assert "<script>alert" not in html
    assert "<img" not in html
    assert INLINE.search(re.sub(r"&lt;.*?&gt;", "", html)) is None
