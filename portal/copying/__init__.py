"""Copying a whole database into another one, also of another kind."""

from portal.copying.copier import (
    Check,
    CopyFailed,
    Plan,
    check_migrated,
    check_unused,
    copy_tables,
    plan_copy,
)
from portal.copying.places import opened

__all__ = [
    "Check",
    "CopyFailed",
    "Plan",
    "check_migrated",
    "check_unused",
    "copy_tables",
    "opened",
    "plan_copy",
]
