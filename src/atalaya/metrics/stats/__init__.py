"""Statistical methods for the metrics: intervals, comparisons, burn rates and flakiness scores."""
