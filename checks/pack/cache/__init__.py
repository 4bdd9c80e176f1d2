"""The cache of GETs."""
