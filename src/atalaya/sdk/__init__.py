"""Locates, installs and describes the SDK under watch."""
