"""What a check pack builds on, and what runs its checks: fixture, virtual clock, isolation, recorder."""
