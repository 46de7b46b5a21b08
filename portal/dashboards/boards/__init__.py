"""Boards: pages of widgets, drawn from their documents."""
