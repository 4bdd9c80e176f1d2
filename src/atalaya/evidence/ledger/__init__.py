"""The evidence ledger: write-once segments, their manifest, compaction, schema and quarantine."""
