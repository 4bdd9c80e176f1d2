"""Looks up the released package on a package index."""
