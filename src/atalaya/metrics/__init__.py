"""The runbook's five metrics: one SQL file each, and the statistics over it."""
