"""Channels: where messages go, and how they get there."""
