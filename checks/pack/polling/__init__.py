"""The polling family of promises, with its limitations and seeded defects."""
