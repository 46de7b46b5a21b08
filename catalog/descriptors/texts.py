"""YAML texts of one or several documents, read as plain JSON values and nothing else. Pure.

What YAML has beyond JSON is where harm hides: nesting without end brings the parser down, aliases
of aliases unfold to more than any memory holds, tags make objects. So a text is looked through
before anything is made of it, and aliases become copies within a budget.
"""

from typing import Any

import yaml

from catalog.errors import Fault, Invalid
from catalog.storable import MAX_DEPTH, storable_faults

MAX_CHARACTERS = 1_000_000
MAX_DOCUMENTS = 1_000
MAX_ALIASES = 100
MAX_VALUES = 200_000
_CORE = "tag:yaml.org,2002:"
_TEXT = f"{_CORE}str"
_PLAIN_TAGS = frozenset(
    ["!", *(_CORE + name for name in ("str", "int", "float", "bool", "null", "map", "seq"))]
)
# Dates stay the texts that they are; `<<` and `=` are keys like others.
_NOT_GUESSED = frozenset(_CORE + name for name in ("timestamp", "merge", "value"))


class _Loader(yaml.CSafeLoader):
    """Makes plain values; keys are texts, and none stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return an object, once its keys are sound."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _problem("a key has to be a text", key.start_mark)
            # `on` and `1` are keys as good as others.
            key.tag = _TEXT
            if key.value in seen:
                raise _problem(f"the key '{key.value[:50]}' stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        """Return a number. 12:30 is the text that it is: to base 60, long ones take minutes."""
        if ":" in node.value:
            return node.value
        is_whole = node.tag == f"{_CORE}int"
        return self.construct_yaml_int(node) if is_whole else self.construct_yaml_float(node)


for _name in ("int", "float"):
    _Loader.add_constructor(_CORE + _name, _Loader.construct_number)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag not in _NOT_GUESSED]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_texts(text: str) -> list[Any]:
    """Return the documents of a YAML text that are not empty; raises `Invalid`.

    >>> read_texts("kind: service\\n---\\nkind: queue")
    [{'kind': 'service'}, {'kind': 'queue'}]
    """
    if len(text) > MAX_CHARACTERS:
        raise Invalid.at("", f"the text is too long: at most {MAX_CHARACTERS:,} characters")
    try:
        _look_through(text)
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise Invalid([Fault("", f"this is not usable YAML: {_words(error)}")]) from None
    except (ValueError, OverflowError, RecursionError) as error:
        # A number with too many digits, or half a surrogate pair.
        raise Invalid.at("", f"this is not usable YAML: {error}") from None
    copies = _Copies()
    found = [copies.of(document, 0) for document in documents if document is not None]
    if faults := storable_faults(found[0] if len(found) == 1 else found):
        raise Invalid(faults)
    return found


def _look_through(text: str) -> None:
    """Raise where a text would do harm, before the parser makes anything of it."""
    depth = aliases = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        match event:
            case yaml.CollectionStartEvent():
                depth += 1
            case yaml.CollectionEndEvent():
                depth -= 1
            case yaml.AliasEvent():
                aliases += 1
            case yaml.DocumentStartEvent():
                documents += 1
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _PLAIN_TAGS:
            raise _problem(f"tags such as {tag[:50]} are not supported", event.start_mark)
        if depth > MAX_DEPTH:
            raise _problem(f"it is nested more than {MAX_DEPTH} levels deep", event.start_mark)
        if aliases > MAX_ALIASES:
            raise _problem(f"it has more than {MAX_ALIASES} aliases", event.start_mark)
        if documents > MAX_DOCUMENTS:
            raise _problem(f"it has more than {MAX_DOCUMENTS:,} documents", event.start_mark)


class _Copies:
    """Makes copies of what aliases share, as long as there is room."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, value: Any, depth: int) -> Any:
        """Return a value that shares nothing; raises `Invalid` where it does not end."""
        self.count += 1
        if self.count > MAX_VALUES or depth > MAX_DEPTH:
            raise Invalid.at("", "this is not usable YAML: its aliases unfold to too much")
        match value:
            case dict():
                return {key: self.of(item, depth + 1) for key, item in value.items()}
            case list():
                return [self.of(item, depth + 1) for item in value]
        return value


def _problem(message: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=mark)


def _words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{problem}"
