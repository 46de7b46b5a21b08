"""Every write of scorecards and what they find. All are atomic."""

from scorecards.operations.campaigns import (
    advance_campaigns,
    campaign_document_of,
    delete_campaign,
    save_campaign,
    take_campaign_snapshot,
)
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
)
from scorecards.operations.exempting import (
    end_expired,
    exempt,
    withdraw_exemption,
)
from scorecards.operations.following import follow_catalog
from scorecards.operations.moving import move_rule
from scorecards.operations.outcome_batches import (
    MAX_BATCH,
    accept_outcomes,
    apply_batch,
    apply_waiting,
    forget_batches,
    receive_outcomes,
    store_batch,
)
from scorecards.operations.outcome_reading import OutcomeReport, Said
from scorecards.operations.outcomes import (
    MAX_REPORTS,
    Receipt,
    check_reporter,
    record_outcomes,
    report_outcomes,
    withdraw_outcomes,
)
from scorecards.operations.packs import compute_descriptions, install_pack
from scorecards.operations.previewing import preview_scorecard
from scorecards.operations.rebuilding import (
    StepProgress,
    begin_rebuild,
    continue_rebuild,
    progress_of,
    unfinished_rebuild,
)
from scorecards.operations.sweeping import sweep

__all__ = [
    "check_reporter",
    "MAX_BATCH",
    "MAX_REPORTS",
    "OutcomeReport",
    "Receipt",
    "Said",
    "StepProgress",
    "accept_outcomes",
    "apply_batch",
    "apply_waiting",
    "advance_campaigns",
    "begin_rebuild",
    "campaign_document_of",
    "continue_rebuild",
    "delete_campaign",
    "compute_descriptions",
    "delete_rule",
    "delete_scorecard",
    "document_of",
    "end_expired",
    "evaluate_entities",
    "evaluate_moved",
    "evaluate_scorecard",
    "exempt",
    "forget_batches",
    "follow_catalog",
    "install_pack",
    "locked_document",
    "move_rule",
    "preview_scorecard",
    "progress_of",
    "receive_outcomes",
    "record_outcomes",
    "recount",
    "reevaluate",
    "report_outcomes",
    "rescore",
    "rule_document_of",
    "save_campaign",
    "save_rule",
    "save_scorecard",
    "stop_grading",
    "store_batch",
    "sweep",
    "take_campaign_snapshot",
    "uncount",
    "unfinished_rebuild",
    "withdraw_exemption",
    "withdraw_outcomes",
]
