"""The seeded defects, a module for each family of promises."""
