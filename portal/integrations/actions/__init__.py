"""Actions: what people and events set off, the runs of it, and what they do outside."""
