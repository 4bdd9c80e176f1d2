"""Waits for an export: promises, checks, limitations, probes and seeded defects."""
