"""package_index."""
