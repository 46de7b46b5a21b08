"""A real catalog to look at: nineteen open-source projects and two years of their releases."""

from scorecards.packs.demo.reader import DemoData, DemoUser, Draft, read_demo

__all__ = ["DemoData", "DemoUser", "Draft", "read_demo"]
