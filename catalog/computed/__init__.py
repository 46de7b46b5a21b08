"""Mirror, calculation and aggregation properties: what Tidemark works out about an entity."""
