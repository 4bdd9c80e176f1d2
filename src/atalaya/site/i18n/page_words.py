"""The words around every page: its links, and the notes that a script shows or hides."""

from __future__ import annotations

from atalaya.core.words import N_
from atalaya.site.i18n.language import LANGUAGES, Language

SENTENCES = {
    "all": N_("Releases"),
    "fleet": N_("Fleet"),
    "numbers": N_("The figures for machines"),
    "feed": N_("Feed of what happens"),
    "not_current": N_("There is a newer release than the one that this page is about: {newer}"),
    "rehearsal_mark": N_("REHEARSAL"),
    "rehearsal": N_("REHEARSAL. Nothing on these pages happened: no SDK was released."),
    "filter": N_("Filter the rows"),
    "sort": N_("Sort the rows"),
    "link": N_("Link to the row"),
    "late_word": N_("UNKNOWN: out of date"),
    "late": N_(
        "It said {was}, and could be believed until {until}. Nothing newer has been published since, so how the "
        "release does now is not known."
    ),
}
# Said on the pages of the other language, in the language that they lead to.
THIS_PAGE = {"en": N_("This page in English"), "es": N_("This page in Spanish")}


def _words(code: str) -> dict[str, str]:
    other = next(one for one in LANGUAGES if one != code)
    said = Language(code)
    return {
        "other": LANGUAGES[other],
        "other_label": Language(other).gettext(THIS_PAGE[other]),
        **{name: said.gettext(sentence) for name, sentence in SENTENCES.items()},
    }


WORDS = {code: _words(code) for code in LANGUAGES}  # by the language of the page; made once for all builds
