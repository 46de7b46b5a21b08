"""An input for the identifier of an entity, with the first ones to pick from."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.dashboards.boards.desk import Desk


class EntityInput(forms.TextInput):
    """A text with suggestions: there may be many thousands, so that not all are on offer."""

    def __init__(self, desk: Desk, blueprint: str) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.desk, self.blueprint = desk, blueprint

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the input with its list."""
        list_id = f"{(attrs or {}).get('id', name)}-list"
        drawn = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        options = format_html_join(
            "", '<option value="{}">{}</option>', self.desk.entities(self.blueprint)
        )
        return format_html('{}<datalist id="{}">{}</datalist>', drawn, list_id, options)
