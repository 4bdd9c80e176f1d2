"""The fragment of the tests that did not just pass: by class, the costliest first.

What costs most is what is sure of the score, and not the share that failed.
"""

from __future__ import annotations

from atalaya.site.markup.templating import fragment

ROWS_SHOWN = 50

flaky = fragment("flaky", most=ROWS_SHOWN)
