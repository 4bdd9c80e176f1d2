"""How often is the verdict wrong? The real rules, on watches whose truth is known because they were drawn."""
