"""Ready-made blueprints, scorecards and dashboards, as data.

A pack is a folder of YAML documents, in the shapes that the operations of catalog and scorecards
take. Nothing here writes: whoever installs a pack hands its documents to those operations.
"""

from scorecards.packs.extension import extend_blueprint
from scorecards.packs.official import official_scorecards
from scorecards.packs.registry import PACKS, Pack, PackSummary, UnknownPackError, load_pack
from scorecards.packs.thresholds import UnknownYearError, all_thresholds, thresholds_of

__all__ = [
    "PACKS",
    "Pack",
    "PackSummary",
    "UnknownPackError",
    "UnknownYearError",
    "all_thresholds",
    "extend_blueprint",
    "load_pack",
    "official_scorecards",
    "thresholds_of",
]
