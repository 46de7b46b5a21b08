"""The query language: what rules, filters, data sets and aggregations select entities by.

A query is parsed once and is then a frozen value. Whatever interprets it reads the operator table
and the nodes; none of this knows a model, a clock or a setting. Semantics, the same everywhere:

- Direction: entity value OP rule value. `=` is strict (7 is not "7", `true` is not 1, at any
  depth; 7 is 7.0), text is case-sensitive.
- A missing property and null are the same: empty. Positive operators are false on empty, their
  negatives true; `= null` is true on it. Between two properties, empty on either side is empty.
- `isEmpty` is true of null, `""`, `[]` and `{}`; `false` and `0` are not empty.
- Ordering compares numbers with numbers and dates with dates; any other pair is false.
- `between` includes both ends; `=` with a range or a preset means the same. Presets are resolved
  from `now`.
"""

from catalog.conditions.code import Clock, Code, Generated, generated
from catalog.conditions.descriptions import describe, describe_wanted, title_of
from catalog.conditions.dumping import dump
from catalog.conditions.explanations import Explanation, explain
from catalog.conditions.nodes import (
    Constant,
    Group,
    Leaf,
    PresetRange,
    Query,
    Range,
    Reference,
)
from catalog.conditions.operators import (
    OPERATORS,
    OPPOSITES,
    Operand,
    Operator,
    ValueType,
    operators_for,
)
from catalog.conditions.parsing import parse
from catalog.conditions.predicates import Facts, Predicate, matches, predicate
from catalog.conditions.presets import PRESETS, Preset
from catalog.conditions.problems import ConditionError, Problem
from catalog.conditions.reading import (
    META_PROPERTIES,
    check_properties,
    leaves,
    reads,
    reads_clock,
    without,
)

__all__ = [
    "META_PROPERTIES",
    "OPERATORS",
    "OPPOSITES",
    "PRESETS",
    "Clock",
    "Code",
    "ConditionError",
    "Constant",
    "Explanation",
    "Facts",
    "Generated",
    "Group",
    "Leaf",
    "Operand",
    "Operator",
    "Predicate",
    "Preset",
    "PresetRange",
    "Problem",
    "Query",
    "Range",
    "Reference",
    "ValueType",
    "check_properties",
    "describe",
    "describe_wanted",
    "dump",
    "explain",
    "generated",
    "leaves",
    "matches",
    "operators_for",
    "parse",
    "predicate",
    "reads",
    "reads_clock",
    "title_of",
    "without",
]
