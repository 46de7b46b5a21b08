"""Templates: JSON documents with jq in their texts."""

from typing import Any

import pytest

from catalog.computed.jq import evaluate
from portal.integrations.actions.templates import parse_template, split

CONTEXT = {"a": 5, "none": None, "name": "shop", "list": [1, "x"], "object": {"p": 1, "q": None}}


def filled(document: Any) -> Any:
    template = parse_template(document)
    found = template.filled(evaluate(template.program, CONTEXT))
    assert found.faults == []
    return found.value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", [("plain", False)]),
        ("to {{ .a }}!", [("to ", False), (".a", True), ("!", False)]),
        ("{{.a}}{{.b}}", [(".a", True), (".b", True)]),
        ("{{ {a: {b: 1}} }}", [("{a: {b: 1}}", True)]),
        ('{{ "}}" }}x', [('"}}"', True), ("x", False)]),
        ("{{ .a | '}}' }}", [(".a | '}}'", True)]),
        ("it's {{ .a }} it's", [("it's ", False), (".a", True), (" it's", False)]),
        ("{{ .x # why }}", [(".x # why", True)]),
        ("{{ .a", [("{{ .a", False)]),
        ("a }} b", [("a }} b", False)]),
        ("", []),
    ],
)
def test_a_text_is_split_where_its_programs_end(text: str, parts: list[tuple[str, bool]]) -> None:
    assert list(split(text)) == parts


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"x": "{{ .a }}"}, {"x": 5}),
        ({"x": "{{ .list }}"}, {"x": [1, "x"]}),
        ({"x": "{{ .name }} v{{ .a }}{{ .none }} {{ .list }}"}, {"x": 'shop v5 [1, "x"]'}),
        ({"x": "{{ .none }}", "y": None, "z": ["{{ .none }}"]}, {"y": None, "z": [None]}),
        ({"{{ .name }}": 1, "{{ .none }}": 2}, {"shop": 1}),
        ({"a": 0, "{{ spreadValue() }}": "{{ .object }}"}, {"a": 0, "p": 1, "q": None}),
        ({"{{spreadValue()}}": {"p": "{{ .a }}"}}, {"p": 5}),
        ({"{{spreadValue()}}": "{{ .none }}"}, {}),
        ({"x": {"y": ["{{ .a }}", {"z": "-{{ .a }}-"}]}}, {"x": {"y": [5, {"z": "-5-"}]}}),
        ("{{ .a }}", 5),
        ([1, True, None, "text"], [1, True, None, "text"]),
    ],
)
def test_a_document_is_filled(document: Any, wanted: Any) -> None:
    assert filled(document) == wanted


def test_what_fails_is_left_out_and_told() -> None:
    template = parse_template(
        {"bad": "{{ .name.x }}", "worse": "a{{ .name.x }}", "good": "{{ .a }}",
         "{{ spreadValue() }}": "{{ .a }}"},
        path="invocationMethod",
    )  # fmt: skip
    found = template.filled(evaluate(template.program, CONTEXT))
    assert found.value == {"good": 5}
    assert [fault.path for fault in found.faults] == [
        "invocationMethod.bad",
        "invocationMethod.worse",
        "invocationMethod.{{ spreadValue() }}",
    ]


def test_programs_that_do_not_compile_are_told_at_their_place() -> None:
    template = parse_template({"x": ["{{ .a }} {{ .b || }}"], "y": "{{ }}", "{{ ( }}": 1})
    assert [fault.path for fault in template.compile_faults()] == ["x[0] (2)", "y", "{{ ( }}"]
    assert parse_template({"x": "{{ .a }}"}).compile_faults() == []


def test_a_template_says_what_it_reads() -> None:
    template = parse_template({"x": "{{ .secrets.TOKEN }}"})
    assert (template.reads("secrets"), template.reads("entity")) == (True, False)
