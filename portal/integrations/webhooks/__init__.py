"""Incoming webhooks: what other systems send, turned into entities by the mappings of users."""
