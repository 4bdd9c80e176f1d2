"""The configuration: promises, checks, limitations, probes and seeded defects."""
