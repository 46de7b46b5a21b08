"""Definitions of entities: from catalog files into the catalog, and shown as they are now."""
