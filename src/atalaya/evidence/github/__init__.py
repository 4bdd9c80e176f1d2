"""Collects CI results from GitHub: every attempt of every job, with its reports and its logs."""
