"""One branch that many runners share: what is brought from it, what is added to it, and who hears of it."""
