"""Catalog files: what they say, read and checked. Pure: no model, no query, no clock."""
