"""The floor of the REST API: who comes in, what a body may hold, how lists are cut into pages."""
