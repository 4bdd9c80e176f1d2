"""The exports family of promises, with its limitations and seeded defects."""
