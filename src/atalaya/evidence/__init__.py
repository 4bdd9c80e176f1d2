"""What was seen, kept for good: the ledger, and each reader that feeds it."""
