"""Incidents: opening rules, fingerprints, fix verification, pages and migration."""
