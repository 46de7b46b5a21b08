"""Every write of scorecards and what they find. All are atomic."""

from scorecards.operations.counters import recount, uncount
from scorecards.operations.editing import (
    delete_rule,
    delete_scorecard,
    document_of,
    locked_document,
    rule_document_of,
    save_rule,
    save_scorecard,
    stop_grading,
)
from scorecards.operations.evaluating import (
    evaluate_entities,
    evaluate_moved,
    evaluate_scorecard,
    reevaluate,
    rescore,
    sweep,
)
from scorecards.operations.outcomes import (
    OutcomeReport,
    Receipt,
    report_outcomes,
    withdraw_outcomes,
)
from scorecards.operations.packs import install_pack
from scorecards.operations.previewing import preview_scorecard
from scorecards.operations.rebuilding import (
    StepProgress,
    begin_rebuild,
    continue_rebuild,
    progress_of,
    unfinished_rebuild,
)

__all__ = [
    "OutcomeReport",
    "Receipt",
    "StepProgress",
    "begin_rebuild",
    "continue_rebuild",
    "delete_rule",
    "delete_scorecard",
    "document_of",
    "evaluate_entities",
    "evaluate_moved",
    "evaluate_scorecard",
    "install_pack",
    "locked_document",
    "preview_scorecard",
    "progress_of",
    "recount",
    "reevaluate",
    "report_outcomes",
    "rescore",
    "rule_document_of",
    "save_rule",
    "save_scorecard",
    "stop_grading",
    "sweep",
    "uncount",
    "unfinished_rebuild",
    "withdraw_outcomes",
]
