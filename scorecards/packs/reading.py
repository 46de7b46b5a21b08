"""Reading the YAML of packs: lists of documents, with placeholders for what can be set. Pure."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

FOLDER = Path(__file__).parent
_PLACEHOLDER = re.compile(r"<<([a-z_]+)>>")


class PlaceholderError(LookupError):
    """Say that a file has a placeholder for something that cannot be set."""


def read_yaml(path: Path, values: Mapping[str, Any] | None = None) -> list[Document]:
    """Read a YAML list of documents, `<<minimum>>` in its text being the value of that name.

    What is written once and referred to again (`&name`, `*name`) comes out as copies: a change to
    one place never shows up in another. Raises `PlaceholderError` where there is no such value.
    """
    text = _filled(path.read_text(encoding="utf-8"), values or {}, path.name)
    documents: list[Document] = yaml.load(text, Loader=yaml.CSafeLoader)
    return [_without_sharing(document) for document in documents]


def _filled(text: str, values: Mapping[str, Any], place: str) -> str:
    """Return the text with values for its placeholders. They must be numbers or plain words."""

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            known = ", ".join(sorted(values)) or "none"
            raise PlaceholderError(f"{place}: <<{name}>> is no setting; there are: {known}")
        return str(values[name])

    return _PLACEHOLDER.sub(value_of, text)


def _without_sharing(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_sharing(inner) for key, inner in value.items()}
        case list():
            return [_without_sharing(inner) for inner in value]
        case _:
            return value
