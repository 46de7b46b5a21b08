"""How good it is: scorecards, what they found, and what moved."""

from scorecards.models.campaigns import Campaign, CampaignSnapshot
from scorecards.models.evaluations import (
    Counter,
    Evaluation,
    Fingerprint,
    LevelChange,
    RuleChange,
    ScorecardSnapshot,
)
from scorecards.models.exemptions import Exemption
from scorecards.models.outcomes import Outcome, OutcomeBatch, PastOutcome
from scorecards.models.packs import InstalledPack
from scorecards.models.rebuilds import Rebuild, RebuildStep
from scorecards.models.scorecards import MAX_RULES, Level, LevelColor, Rule, Scorecard

__all__ = [
    "MAX_RULES",
    "Campaign",
    "CampaignSnapshot",
    "Counter",
    "Evaluation",
    "Exemption",
    "Fingerprint",
    "InstalledPack",
    "Level",
    "LevelChange",
    "LevelColor",
    "Outcome",
    "OutcomeBatch",
    "PastOutcome",
    "Rebuild",
    "RebuildStep",
    "Rule",
    "RuleChange",
    "Scorecard",
    "ScorecardSnapshot",
]
