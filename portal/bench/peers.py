"""Rule engines that others wrote, on the same facts and rules, where they are installed."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

SCRIPT = Path(__file__).with_name("json_rules_engine.cjs")
# Peers are slower: a part of the facts is enough to tell their rate.
FEW = 1_000
Facts = list[dict[str, Any]]
Rules = list[list[dict[str, Any]]]


def rates(facts: Facts, rules: Rules) -> dict[str, float]:
    """Return million rule results a second of each peer that is installed."""
    return _node(facts, rules) | _zen(facts, rules) | _rule_engine(facts, rules)


def _node(facts: Facts, rules: Rules) -> dict[str, float]:
    """Run `json-rules-engine`, which Node must find from the working directory."""
    node = shutil.which("node")
    if node is None:
        return {}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"facts": facts[:FEW], "rules": rules}, file)
        file.flush()
        done = subprocess.run(  # noqa: S603 - our own script
            [node, str(SCRIPT), file.name], capture_output=True, text=True, check=False
        )
    if done.returncode:
        return {}
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _zen(facts: Facts, rules: Rules) -> dict[str, float]:
    """Run `zen-engine`: all rules in one compiled expression, its fastest way."""
    if find_spec("zen") is None:
        return {}
    import zen

    whole = zen.compile_expression(f"[{', '.join(map(_zen_rule, rules))}]")
    return {"zen-engine": _rate(lambda item: whole.evaluate(item), facts, rules)}


def _zen_rule(conditions: list[dict[str, Any]]) -> str:
    return "(" + " and ".join(map(_zen_leaf, conditions)) + ")"


def _zen_leaf(leaf: dict[str, Any]) -> str:
    name, wanted = leaf["property"], json.dumps(leaf.get("value"))
    match leaf["operator"]:
        case "=" | "!=" as operator:
            return f"{name} {'==' if operator == '=' else '!='} {wanted}"
        case "contains":
            return f"(type({name}) == 'array' and {wanted} in {name})"
        case "isNotEmpty":
            return f"({name} != null and {name} != '')"
        case operator:
            return f"(type({name}) == 'number' and {name} {operator} {wanted})"


def _rule_engine(facts: Facts, rules: Rules) -> dict[str, float]:
    """Run `rule-engine`, rule by rule."""
    if find_spec("rule_engine") is None:
        return {}
    import rule_engine

    context = rule_engine.Context(default_value=None)
    compiled = [
        rule_engine.Rule(" and ".join(map(_rule_engine_leaf, both)), context=context)
        for both in rules
    ]
    few = facts[: FEW // 10]
    return {
        "rule-engine": _rate(lambda item: [rule.matches(item) for rule in compiled], few, rules)
    }


def _rule_engine_leaf(leaf: dict[str, Any]) -> str:
    name, wanted = leaf["property"], json.dumps(leaf.get("value"))
    match leaf["operator"]:
        case "=" | "!=" as operator:
            return f"{name} {'==' if operator == '=' else '!='} {wanted}"
        case "contains":
            return f"({name} != null and {wanted} in {name})"
        case "isNotEmpty":
            return f"({name} != null and {name} != '')"
        case operator:
            return f"({name} != null and {name} {operator} {wanted})"


def _rate(evaluate: Callable[[dict[str, Any]], object], facts: Facts, rules: Rules) -> float:
    def once() -> float:
        start = perf_counter()
        for item in facts:
            evaluate(item)
        return perf_counter() - start

    return len(facts) * len(rules) / median(once() for _ in range(3)) / 1e6
