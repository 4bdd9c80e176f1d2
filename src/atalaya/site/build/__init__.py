"""Builds the site: pages, caches and Sphinx builds."""
