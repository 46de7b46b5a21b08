"""Ready-made blueprints, scorecards and dashboards, as data.

A pack is a folder of YAML documents, in the shapes that the operations of catalog and scorecards
take. Nothing here writes: whoever installs a pack hands its documents to those operations.
"""

from scorecards.packs.extension import extend_blueprint
from scorecards.packs.registry import PACKS, Pack, PackSummary, UnknownPackError, load_pack

__all__ = ["PACKS", "Pack", "PackSummary", "UnknownPackError", "extend_blueprint", "load_pack"]
