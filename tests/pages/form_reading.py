"""Reading forms out of pages, the way a browser without script sends them."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse

from tests.pages.reading import html_of

Fields = dict[str, list[str]]


class _Forms(HTMLParser):
    """Collects what each form of a page would send, by its class or id."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Fields] = {}
        self._form: Fields | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._textarea: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._form = self.forms.setdefault(found.get("id") or found.get("class", ""), {})
        if self._form is None:
            return
        name = found.get("name", "")
        if tag == "input" and name:
            is_box = found.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in found:
                self._add(name, found.get("value", "on" if is_box else ""))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select is not None:
            self._options.append((found.get("value", ""), "selected" in found))
        elif tag == "textarea":
            self._textarea, self._text = name, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select is not None and self._options:
            chosen = [value for value, is_selected in self._options if is_selected]
            self._add(self._select, chosen[-1] if chosen else self._options[0][0])
            self._select = None
        elif tag == "textarea" and self._textarea is not None:
            # A browser drops the first line end, and sends the others its own way.
            self._add(self._textarea, self._text.removeprefix("\n").replace("\n", "\r\n"))
            self._textarea = None

    def _add(self, name: str, value: str) -> None:
        if self._form is not None:
            self._form.setdefault(name, []).append(value)


def form_of(response: HttpResponse, named: str) -> dict[str, Any]:
    """Return what a form of a page would send as it stands."""
    parser = _Forms()
    parser.feed(html_of(response))
    return next(dict(fields) for name, fields in parser.forms.items() if named in name)
