"""The fragments of the rules that give the verdict: each by itself, and all in their order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from atalaya.core.words import N_
from atalaya.site.build.atomic_write import write_pages
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.verdict.rules import RULES, Rule
from atalaya.verdict.situation import When

PAGES = Path("reference") / "rules"
KNOWN = {rule.id for rule in RULES}
PARTS = {
    When.BEFORE: N_("Before the end of the window: the first rule that applies decides"),
    When.END: N_("At the end of the window: the first rule that applies decides"),
}


def write_rule_pages(docs: Path) -> tuple[Path, ...]:
    """Write the page of each rule, which only includes its fragment, and take away those of rules gone."""
    return write_pages(docs / PAGES, {id: f"(rule-{id})=\n# `{id}`\n\n```{{live}} rule-{id}\n```\n" for id in KNOWN})


def about_the_rules() -> dict[str, Callable[[Renderer], str]]:
    """The fragments, by name: all rules in a table, and one for each."""
    return {"rules": table, **{f"rule-{rule.id}": partial(_rule, rule) for rule in RULES}}


def table(voice: Renderer) -> Markdown:
    """The rules in the order in which they are tried: a table for each part of the watch."""
    return render("rules", voice, parts=[(PARTS[when], _of(when)) for when in When])


def _rule(rule: Rule, voice: Renderer) -> Markdown:
    """One rule: what it says, when it is tried, and which decide before it."""
    in_order = _of(rule.when)
    before = [one.id for one in in_order[: in_order.index(rule)]]
    return render("rule", voice, rule=rule, part=PARTS[rule.when], before=before, n=len(in_order))


def _of(when: When) -> list[Rule]:
    return [rule for rule in RULES if rule.when is when]
