"""The check pack of acme_weather, a client of twenty lines: one family, ``weather``."""
