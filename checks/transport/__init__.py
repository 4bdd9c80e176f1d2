"""Requests, errors, and what goes along with them."""
