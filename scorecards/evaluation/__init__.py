"""From rules and facts to masks to levels. Pure: no model, no query, no clock."""

from scorecards.evaluation.program import Masks, Program, RuleSpec, ScorecardSpec, compile_scorecard

__all__ = ["Masks", "Program", "RuleSpec", "ScorecardSpec", "compile_scorecard"]
