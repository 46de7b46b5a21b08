"""Conditions that somebody might send to see what breaks. None may be an error of ours."""

import json
from typing import Any

_LEAF = '{"property": "tier", "operator": "=", "value": 1}'


def _text(*leaves: dict[str, Any]) -> str:
    return json.dumps({"combinator": "and", "conditions": list(leaves)})


def _leaf(**parts: Any) -> str:
    return _text({"property": "tier", "operator": "=", **parts})


def _groups(depth: int) -> str:
    start = '{"combinator": "and", "conditions": ['
    return start * depth + _LEAF + "]}" * depth


HOSTILE: dict[str, str] = {
    "no json": "<script>alert(1)</script>",
    "a number": "7",
    "null": "null",
    "a text": '"tier"',
    "a list": "[]",
    "an object": "{}",
    "a bare condition": _LEAF,
    "no conditions": '{"combinator": "and", "conditions": []}',
    "percent signs": _text({"property": "%s %(path)s %z", "operator": "%d", "value": "%"}),
    "nul": _leaf(value="a\x00b"),
    "nul in a name": _text({"property": "a\x00", "operator": "isEmpty"}),
    "nul in a key": '{"combinator": "and", "conditions": [], "a\\u0000": 1}',
    "half a surrogate": _leaf(value="\ud800"),
    "half a surrogate in a name": _text({"property": "\ud800", "operator": "isEmpty"}),
    "half a surrogate in a key": '{"\\ud800": 1}',
    "half a surrogate as an operator": _text({"property": "tier", "operator": "\ud800"}),
    "not a number": '{"combinator": "and", "conditions": [{"property": "tier", "operator": "=", '
    '"value": NaN}]}',
    "infinity": _leaf(value=1).replace(": 1}", ": 1e999}"),
    "a huge integer": _leaf(value=10**3_000),
    "a large integer": _leaf(value=10**300, operator=">"),
    "beyond 64 bits": _leaf(value=-(2**64), operator="<="),
    "a tiny number": _leaf(value=5e-324, operator="<"),
    "the end of the calendar": _text(
        {
            "property": "$updatedAt",
            "operator": "between",
            "value": {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59-14:00"},
        }
    ),
    "a year that is none": _leaf(value="0000-01-01", operator=">"),
    "nested values": _leaf(value=json.loads("[" * 19 + "]" * 19)),
    "values nested too deeply": _leaf(value=json.loads("[" * 45 + "]" * 45)),
    "groups at the limit": _groups(19),
    "groups beyond the limit": _groups(60),
    "brackets": "[" * 3_900,
    "brackets without end": "[" * 200_000,
    "braces": '{"a":' * 700,
    "ten thousand conditions": _text(*([{"property": "tier", "operator": "isEmpty"}] * 10_000)),
    "as many conditions as fit": _text(*([{"property": "tier", "operator": ">", "value": 1}] * 65)),
    "many values": _leaf(operator="in", value=list(range(600))),
    "sql": _text({"property": "tier' OR 1=1 --", "operator": "=", "value": "'; DROP TABLE x; --"}),
    "a path": _text({"property": '$."a"[0]', "operator": "contains", "value": '"'}),
    "a pattern": _leaf(operator="contains", value="%_[a-z]*?\\"),
    "markup": _leaf(value="<script>alert(1)</script>"),
    "two of each": '{"combinator": "and", "combinator": "or", "conditions": [], "rules": []}',
}
