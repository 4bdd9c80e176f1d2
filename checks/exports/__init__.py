"""Exports (requests, statuses, lists, files): promises, checks, limitations, probes and seeded defects."""
