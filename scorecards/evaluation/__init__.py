"""From rules and facts to masks to levels. Pure: no model, no query, no clock."""

from scorecards.evaluation.program import (
    Bundle,
    Program,
    Result,
    compile_scorecard,
    compile_scorecards,
)
from scorecards.evaluation.specs import Masks, Reported, RuleSpec, ScorecardSpec, with_exempt

__all__ = [
    "Bundle",
    "Masks",
    "Program",
    "Reported",
    "Result",
    "RuleSpec",
    "ScorecardSpec",
    "compile_scorecard",
    "compile_scorecards",
    "with_exempt",
]
