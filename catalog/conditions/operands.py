"""Reading a condition's `value` in the shape that its operator takes."""

import re
import sys
from collections.abc import Callable

from catalog.conditions.nodes import Constant, PresetRange, Range, Reference, Wanted
from catalog.conditions.operators import Operand
from catalog.conditions.presets import PRESETS
from catalog.conditions.problems import Problem, closest, kind, quoted, unknown_word
from catalog.conditions.values import as_moment, as_ordered, is_number

MAX_VALUE_DEPTH = 20
SPAN_KEYS = ("preset", "from", "to")
OBJECT_KEYS = ("property", *SPAN_KEYS)

QUOTED_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
RANGE_FORMS = '{"from": ..., "to": ...} or {"preset": ...}'


class Refused(Exception):  # noqa: N818 - it is caught one call up, never seen as an error
    """The operand cannot be read."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__()


def read_operand(raw: object, *, shape: Operand, path: str) -> Wanted:
    """Return the operand for a shape.

    Raises Refused with every problem found in the value.
    """
    problem = _not_json(raw, path=path)
    if problem:
        raise Refused(problem)
    if isinstance(raw, dict) and (shape in (Operand.VALUE, Operand.RANGE) or "property" in raw):
        return _read_object(raw, shape=shape, path=path)
    _CHECKS[shape](raw, path)
    return Constant.of(raw)


def _not_json(value: object, *, path: str, depth: int = 0) -> Problem | None:
    """Return why the value cannot be stored as JSON and compared, if so."""
    if depth > MAX_VALUE_DEPTH:
        return Problem(path, f"nests more than {MAX_VALUE_DEPTH} deep; compare a simpler value")
    if isinstance(value, list):
        children = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    elif isinstance(value, dict):
        children = [(f"{path}.{key}", item) for key, item in value.items()]
        if not all(isinstance(key, str) for key in value):
            return Problem(path, "has a key that is not text; quote it")
    else:
        return _not_scalar(value, path=path)
    found = (_not_json(item, path=inner, depth=depth + 1) for inner, item in children)
    return next((problem for problem in found if problem), None)


def _not_scalar(value: object, *, path: str) -> Problem | None:
    if value is None or isinstance(value, (bool, str)):
        return None
    if not isinstance(value, (int, float)):
        return Problem(path, f"is {kind(value)}, which JSON does not have; write it as text")
    # Also refuses NaN, which compares with nothing, and integers no database column can hold.
    if not abs(value) <= sys.float_info.max:
        return Problem(path, "is not a finite number; write one that JSON can hold")
    return None


def _read_object(raw: dict[str, object], *, shape: Operand, path: str) -> Wanted:
    if "property" in raw and shape is not Operand.RANGE:
        return _read_reference(raw, path=path)
    if any(key in raw for key in SPAN_KEYS):
        return _read_span(raw, path=path)
    if shape is Operand.RANGE:
        raise Refused(Problem(path, _range_message(raw)))
    return _read_plain_object(raw, path=path)


def _range_message(raw: dict[str, object]) -> str:
    near = [(key, closest(key, SPAN_KEYS)) for key in raw]
    hints = [f'; did you mean "{word}" instead of {quoted(key)}?' for key, word in near if word]
    return f"must be {RANGE_FORMS}" + (hints[0] if hints else "")


def _read_plain_object(raw: dict[str, object], *, path: str) -> Constant:
    """Return an object to compare with as it is, unless it looks like a misspelt form."""
    near = [(key, closest(key, OBJECT_KEYS)) for key in raw]
    problems = [
        Problem(f"{path}.{key}", f'{quoted(key)} is not a key here; did you mean "{word}"?')
        for key, word in near
        if word
    ]
    if problems:
        raise Refused(*problems)
    return Constant.of(raw)


def _extra(raw: dict[str, object], *, allowed: tuple[str, ...], path: str) -> list[Problem]:
    problems = []
    for key in (key for key in raw if key not in allowed):
        suggestion = closest(key, allowed)
        way_out = f'did you mean "{suggestion}"?' if suggestion else "remove it"
        message = f"{quoted(key)} does not go with {quoted(_form(raw))} here; {way_out}"
        problems.append(Problem(f"{path}.{key}", message))
    return problems


def _form(raw: dict[str, object]) -> str:
    """Return the key that tells which form of operand an object is."""
    return next(key for key in OBJECT_KEYS if key in raw)


def _read_reference(raw: dict[str, object], *, path: str) -> Reference:
    problems = _extra(raw, allowed=("property",), path=path)
    name = raw["property"]
    if not isinstance(name, str) or not name:
        message = f"must be the identifier of a property, not {kind(name)}"
        problems.append(Problem(f"{path}.property", message))
    if problems:
        raise Refused(*problems)
    return Reference(str(name))


def _read_span(raw: dict[str, object], *, path: str) -> Range | PresetRange:
    if "preset" in raw:
        return _read_preset(raw, path=path)
    problems = _extra(raw, allowed=("from", "to"), path=path)
    problems += [problem for key in ("from", "to") for problem in _check_bound(raw, key, path=path)]
    if problems:
        raise Refused(*problems)
    return _read_range(raw["from"], raw["to"], path=path)


def _check_bound(raw: dict[str, object], key: str, *, path: str) -> list[Problem]:
    if key not in raw:
        return [Problem(f"{path}.{key}", "is missing; a range needs both from and to")]
    try:
        _check_ordered(raw[key], f"{path}.{key}")
    except Refused as refused:
        return list(refused.problems)
    return []


def _read_range(start: object, end: object, *, path: str) -> Range:
    if is_number(start) != is_number(end):
        raise Refused(Problem(path, "mixes a number and a date; give from and to the same type"))
    if as_ordered(start) > as_ordered(end):
        raise Refused(Problem(path, "ends before it begins; swap from and to"))
    return Range(Constant.of(start), Constant.of(end))


def _read_preset(raw: dict[str, object], *, path: str) -> PresetRange:
    problems = _extra(raw, allowed=("preset",), path=path)
    token, place = raw["preset"], f"{path}.preset"
    if not isinstance(token, str):
        message = f"must be a preset, not {kind(token)}; use one of {', '.join(PRESETS)}"
        problems.append(Problem(place, message))
    elif token not in PRESETS:
        problems.append(Problem(place, unknown_word(token, "a preset", PRESETS)))
    if problems:
        raise Refused(*problems)
    return PresetRange(str(token))


def _check_any(_raw: object, _path: str) -> None:
    """Accept every JSON value: the operator compares it as it stands."""


def _check_scalar(raw: object, path: str) -> None:
    if isinstance(raw, list):
        message = "must be one value, not a list; use containsAny to look for any of several"
        raise Refused(Problem(path, message))
    if raw is None or isinstance(raw, dict):
        raise Refused(Problem(path, f"must be text, a number or a boolean, not {kind(raw)}"))


def _check_text(raw: object, path: str) -> None:
    if not isinstance(raw, str):
        hint = "; write it in quotes" if is_number(raw) else ""
        raise Refused(Problem(path, f"must be text, not {kind(raw)}{hint}"))


def _check_ordered(raw: object, path: str) -> None:
    if is_number(raw) or as_moment(raw):
        return
    message = f"must be a number or an ISO 8601 date, not {kind(raw)}"
    if isinstance(raw, str) and QUOTED_NUMBER.fullmatch(raw):
        message += "; write the number without quotes"
    if isinstance(raw, dict) and any(key in raw for key in SPAN_KEYS):
        message += '; use "between" for a range or a preset'
    raise Refused(Problem(path, message))


def _check_list(raw: object, path: str) -> None:
    if not isinstance(raw, list):
        raise Refused(Problem(path, f"must be a list of values, not {kind(raw)}; put it in [ ]"))
    nulls = [index for index, item in enumerate(raw) if item is None]
    message = "is null, which no value equals here; add an isEmpty condition instead"
    if nulls:
        raise Refused(*(Problem(f"{path}[{index}]", message) for index in nulls))


def _check_range(raw: object, path: str) -> None:
    raise Refused(Problem(path, f"must be {RANGE_FORMS}, not {kind(raw)}"))


_CHECKS: dict[Operand, Callable[[object, str], None]] = {
    Operand.VALUE: _check_any,
    Operand.SCALAR: _check_scalar,
    Operand.TEXT: _check_text,
    Operand.ORDERED: _check_ordered,
    Operand.LIST: _check_list,
    Operand.RANGE: _check_range,
}
