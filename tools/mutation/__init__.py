"""Mutation testing of the checks with the bundled SDK."""
