"""The wire dialect of Datadog: its API for catalog, scorecards and DORA at /api/v2 and /api/v1."""
