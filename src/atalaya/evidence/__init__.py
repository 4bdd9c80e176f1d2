"""The evidence ledger, and each reader that feeds it."""
