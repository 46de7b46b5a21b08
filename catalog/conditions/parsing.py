"""From JSON to a query, refusing with every problem at once."""

from typing import Any, get_args

from catalog.conditions.nodes import Combinator, Group, Leaf, Node, Query, Subject
from catalog.conditions.operands import Refused, read_operand
from catalog.conditions.operators import ALIASES, OPERATORS, OPPOSITES, Operand, Operator
from catalog.conditions.problems import (
    ConditionError,
    Problem,
    kind,
    quoted,
    unknown_word,
)

MAX_DEPTH = 20
MAX_NODES = 1000

CHILD_KEYS = ("conditions", "rules")
GROUP_KEYS = ("combinator", *CHILD_KEYS)
SUBJECT_KEYS: tuple[Subject, ...] = get_args(Subject)
LEAF_KEYS = (*SUBJECT_KEYS, "operator", "value", "not")
COMBINATORS: tuple[Combinator, ...] = get_args(Combinator)
COMBINATOR_ALIASES = {"all": "and", "&&": "and", "&": "and", "any": "or", "||": "or", "|": "or"}
EXAMPLE = '{"combinator": "and", "conditions": [...]}'


def parse(raw: object, *, path: str = "query", allow_empty: bool = False) -> Query:
    """Return the query that a JSON value describes.

    `path` is where the value sits in a larger document; problems are reported from there. Groups
    without conditions, which hold for everything, are taken only with `allow_empty`: data sets
    have them, while a rule without conditions is a mistake.

    Raises ConditionError with every problem found.
    """
    parser = _Parser(path=path, allow_empty=allow_empty)
    root = parser.read_root(raw)
    if root is None or parser.problems:
        raise ConditionError(parser.problems)
    return Query(root)


class _Parser:
    """One pass over the document; a node that cannot be read is None and has left a problem."""

    def __init__(self, *, path: str, allow_empty: bool) -> None:
        self.path = path
        self.allow_empty = allow_empty
        self.problems: list[Problem] = []
        self.node_count = 0

    def refuse(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def read_root(self, raw: object) -> Group | None:
        if not isinstance(raw, dict):
            self.refuse(self.path, f"must be an object like {EXAMPLE}, not {kind(raw)}")
            return None
        if not _is_group(raw) and any(key in raw for key in LEAF_KEYS):
            self.refuse(self.path, f"is a single condition; wrap it: {EXAMPLE}")
            return None
        return self.read_group(raw, path=self.path, depth=1)

    def read_node(self, raw: object, *, path: str, depth: int) -> Node | None:
        self.node_count += 1
        if self.node_count == MAX_NODES:
            self.refuse(
                self.path,
                f"has more than {MAX_NODES} conditions and groups; split it into several queries",
            )
        if self.node_count >= MAX_NODES:
            return None
        if not isinstance(raw, dict):
            self.refuse(path, f"must be a condition or a group, not {kind(raw)}")
            return None
        if _is_group(raw):
            return self.read_group(raw, path=path, depth=depth + 1)
        return self.read_leaf(raw, path=path)

    def read_group(self, raw: dict[str, Any], *, path: str, depth: int) -> Group | None:
        if depth > MAX_DEPTH:
            self.refuse(path, f"groups nest at most {MAX_DEPTH} deep; flatten the query")
            return None
        self.refuse_unknown(raw, known=GROUP_KEYS, what="a key of a group", path=path)
        combinator = self.read_combinator(raw, path=path)
        children = self.read_children(raw, path=path, depth=depth)
        return None if combinator is None else Group(combinator, children)

    def refuse_unknown(
        self, raw: dict[str, Any], *, known: tuple[str, ...], what: str, path: str
    ) -> None:
        for key in raw:
            if key not in known:
                self.refuse(f"{path}.{key}", unknown_word(str(key), what, known))

    def read_combinator(self, raw: dict[str, Any], *, path: str) -> Combinator | None:
        place = f"{path}.combinator"
        given = raw.get("combinator")
        if "combinator" not in raw:
            self.refuse(place, 'is missing; use "and" or "or"')
        elif not isinstance(given, str):
            self.refuse(place, f'must be "and" or "or", not {kind(given)}')
        elif given not in COMBINATORS:
            message = unknown_word(given, "a combinator", COMBINATORS, COMBINATOR_ALIASES)
            self.refuse(place, message)
        return next((known for known in COMBINATORS if known == given), None)

    def read_children(self, raw: dict[str, Any], *, path: str, depth: int) -> tuple[Node, ...]:
        keys = [key for key in CHILD_KEYS if key in raw]
        if len(keys) != 1:
            self.refuse(*_no_children(path, has_both=bool(keys)))
            return ()
        place, given = f"{path}.{keys[0]}", raw[keys[0]]
        if not isinstance(given, list):
            self.refuse(place, f"must be a list of conditions, not {kind(given)}")
            return ()
        if not given and not self.allow_empty:
            self.refuse(place, "is empty; a group needs at least one condition")
        nodes = (
            self.read_node(item, path=f"{place}[{index}]", depth=depth)
            for index, item in enumerate(given)
        )
        return tuple(node for node in nodes if node is not None)

    def read_leaf(self, raw: dict[str, Any], *, path: str) -> Leaf | None:
        count = len(self.problems)
        self.refuse_unknown(raw, known=LEAF_KEYS, what="a key of a condition", path=path)
        subject = self.read_subject(raw, path=path)
        operator = self.read_operator(raw, path=path)
        if operator is None:
            return None
        is_inverted = self.read_not(raw, operator=operator, path=path)
        wanted = self.read_value(raw, operator=operator, path=path)
        if subject is None or len(self.problems) > count:
            return None
        return Leaf(subject, raw[subject], operator.token, wanted, is_inverted)

    def read_subject(self, raw: dict[str, Any], *, path: str) -> Subject | None:
        given = [key for key in SUBJECT_KEYS if key in raw]
        if not given:
            self.refuse(path, 'names nothing to test; give it a "property" or a "relation"')
            return None
        if len(given) > 1:
            self.refuse(path, 'has both "property" and "relation"; keep one of them')
            return None
        name = raw[given[0]]
        if not isinstance(name, str) or not name:
            message = f"must be the identifier of a {given[0]}, not {kind(name)}"
            self.refuse(f"{path}.{given[0]}", message)
        return given[0]

    def read_operator(self, raw: dict[str, Any], *, path: str) -> Operator | None:
        place = f"{path}.operator"
        token = raw.get("operator")
        if "operator" not in raw:
            self.refuse(place, f"is missing; use one of {', '.join(OPERATORS)}")
        elif not isinstance(token, str):
            self.refuse(place, f"must be an operator, not {kind(token)}")
        elif token not in OPERATORS:
            self.refuse(place, unknown_word(token, "an operator", OPERATORS, ALIASES))
        return OPERATORS.get(token) if isinstance(token, str) else None

    def read_not(self, raw: dict[str, Any], *, operator: Operator, path: str) -> bool | None:
        if "not" not in raw:
            return None
        place, given = f"{path}.not", raw["not"]
        if operator.operand is not Operand.NONE:
            self.refuse(place, _not_elsewhere(operator))
        elif not isinstance(given, bool):
            self.refuse(place, f"must be true or false, not {kind(given)}")
        return bool(given)

    def read_value(self, raw: dict[str, Any], *, operator: Operator, path: str) -> Any:
        place = f"{path}.value"
        if operator.operand is Operand.NONE:
            if "value" in raw:
                self.refuse(place, f"does not go with {quoted(operator.token)}; remove it")
            return None
        if "value" not in raw:
            self.refuse(place, f"is missing; {quoted(operator.token)} compares with one")
            return None
        try:
            return read_operand(raw["value"], shape=operator.operand, path=place)
        except Refused as refused:
            self.problems.extend(refused.problems)
            return None


def _is_group(raw: dict[str, Any]) -> bool:
    return any(key in raw for key in GROUP_KEYS)


def _no_children(path: str, *, has_both: bool) -> tuple[str, str]:
    if has_both:
        return path, 'has both "conditions" and "rules"; keep one of them'
    return f"{path}.conditions", "is missing; a group needs at least one condition"


def _not_elsewhere(operator: Operator) -> str:
    message = 'only goes with "isEmpty" and "isNotEmpty"'
    opposite = OPPOSITES.get(operator.token)
    return f'{message}; use the operator "{opposite}"' if opposite else f"{message}; remove it"
