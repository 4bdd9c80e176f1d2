"""What do the pages say of the rules that give the verdict: each by itself, and all in their order?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from checks.includes import myst
from checks.includes.files import write_pages
from checks.includes.voice import Voice
from checks.records import N_
from checks.verdict import RULES, Rule, When

PAGES = Path("reference") / "rules"
KNOWN = {rule.id for rule in RULES}
PARTS = {
    When.BEFORE: N_("Before the end of the window: the first rule that applies decides"),
    When.END: N_("At the end of the window: the first rule that applies decides"),
}


def link(id: str, voice: Voice) -> str:
    """A link to the page of a rule, from any page of the site; only its id where this version has no such rule."""
    return f"{{rule}}`{id}`" if id in KNOWN else voice.literal(id)


def write_rule_pages(docs: Path) -> tuple[Path, ...]:
    """Write the page of each rule, which only includes its fragment, and take away those of rules gone."""
    return write_pages(docs / PAGES, {id: f"(rule-{id})=\n# `{id}`\n\n```{{live}} rule-{id}\n```\n" for id in KNOWN})


def about_the_rules() -> dict[str, Callable[[Voice], str]]:
    """The fragments, by name: all rules in a table, and one for each."""
    return {"rules": table, **{f"rule-{rule.id}": partial(_rule, rule) for rule in RULES}}


def table(voice: Voice) -> str:
    """The rules in the order in which they are tried: a table for each part of the watch."""
    header = [voice(N_("Order")), voice(N_("Rule")), voice(N_("Verdict")), voice(N_("Applies when"))]
    tables = []
    for when in When:
        rows = [
            [voice.number(number), link(rule.id, voice), voice.badge(rule.word), voice.ours(rule.says)]
            for number, rule in enumerate(_of(when), start=1)
        ]
        tables.append(myst.table(voice(PARTS[when]), header, rows, classes="cards rules", widths="8 28 20 44"))
    return myst.paragraphs(*tables)


def _rule(rule: Rule, voice: Voice) -> str:
    """One rule: what it says, when it is tried, and which decide before it."""
    in_order = _of(rule.when)
    number = in_order.index(rule)
    before = ", ".join(link(one.id, voice) for one in in_order[:number])
    only = voice(N_("Only where none of these applies:"))
    return myst.paragraphs(
        f"{voice.badge(rule.word)} {voice.ours(rule.says)}",
        voice(PARTS[rule.when]) + ".",
        voice(N_("It is tried as number {number} of {n}."), number=number + 1, n=len(in_order)),
        f"{only} {before}" if before else voice(N_("No other comes before it.")),
        voice(
            N_(
                "Which rules apply to a release, and why, stands on its front page. "
                "In a terminal: `python -m checks judge`"
            )
        ),
    )


def _of(when: When) -> list[Rule]:
    return [rule for rule in RULES if rule.when is when]
