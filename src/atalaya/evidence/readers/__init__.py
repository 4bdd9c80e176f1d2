"""Readers of test reports (JUnit, CTRF, pytest-json-report), logs and zip archives."""
