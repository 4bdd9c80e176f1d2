"""The roads to the wire and second uses: promises, checks and seeded defects."""
