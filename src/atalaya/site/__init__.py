"""Writes records as MyST pages in two languages, and builds the site from them."""
