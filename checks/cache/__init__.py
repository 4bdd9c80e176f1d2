"""The cache of GET requests: promises, checks, limitations, probes and seeded defects."""
