"""Synchronises evidence with one branch that many runners share."""
