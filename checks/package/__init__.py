"""The package (installing, importing, what it declares): promises, checks and seeded defects."""
