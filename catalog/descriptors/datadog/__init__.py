"""Catalog files in the formats of Datadog: entity definitions v3, service definitions v1 to v2.2.

The shape v3 is what the others are turned into: see `versions`.
"""
