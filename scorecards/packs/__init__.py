"""Ready-made blueprints, scorecards and dashboards, as data.

A pack is a folder of YAML documents, in the shapes that the operations of catalog and scorecards
take. Nothing here writes: whoever installs a pack hands its documents to those operations.
"""

from scorecards.packs.choices import keep_choices
from scorecards.packs.extension import definitions_of, enrich_blueprint, extend_blueprint
from scorecards.packs.official import OFFICIAL, official_scorecards
from scorecards.packs.registry import (
    PACKS,
    Pack,
    PackSummary,
    UnknownPackError,
    additions_of,
    evidence_keys,
    evidence_titles,
    load_pack,
    pack_rules,
)
from scorecards.packs.settings import (
    Choice,
    Flag,
    Setting,
    Whole,
    as_text,
    known_settings,
    merge_settings,
    parse_settings,
    settings_of,
)
from scorecards.packs.thresholds import UnknownYearError, all_thresholds, thresholds_of

__all__ = [
    "OFFICIAL",
    "PACKS",
    "Choice",
    "Flag",
    "Pack",
    "PackSummary",
    "Setting",
    "UnknownPackError",
    "UnknownYearError",
    "Whole",
    "additions_of",
    "all_thresholds",
    "as_text",
    "definitions_of",
    "enrich_blueprint",
    "evidence_keys",
    "evidence_titles",
    "extend_blueprint",
    "keep_choices",
    "known_settings",
    "load_pack",
    "merge_settings",
    "official_scorecards",
    "pack_rules",
    "parse_settings",
    "settings_of",
    "thresholds_of",
]
