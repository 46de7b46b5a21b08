"""Ready-made blueprints, scorecards and dashboards, as data.

A pack is a folder of YAML documents, in the shapes that the operations of catalog and scorecards
take. Nothing here writes: whoever installs a pack hands its documents to those operations.
"""

from scorecards.packs.extension import extend_blueprint
from scorecards.packs.official import OFFICIAL, official_scorecards
from scorecards.packs.registry import PACKS, Pack, PackSummary, UnknownPackError, load_pack
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
    "all_thresholds",
    "as_text",
    "extend_blueprint",
    "known_settings",
    "load_pack",
    "merge_settings",
    "official_scorecards",
    "parse_settings",
    "settings_of",
    "thresholds_of",
]
