"""What the SDK promises, a module for each family: promises, the statements behind them, and weaknesses beyond."""
