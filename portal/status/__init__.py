"""How the site is: whether its parts work, how far behind it is, and what to do about it."""

from portal.status.page import Status, read_status
from portal.status.readings import Reading, State

__all__ = ["Reading", "State", "Status", "read_status"]
