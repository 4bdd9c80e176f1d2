"""Records, which cross from one stage to the next: stored for ever, returned by a run, computed by a judgement."""
