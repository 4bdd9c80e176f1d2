"""Requests, errors, tracing and hooks: promises, checks, limitations, probes and seeded defects."""
