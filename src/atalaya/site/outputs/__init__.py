"""Outputs beside the pages: JSON, badge, feed, summary, webhook message and printable report."""
