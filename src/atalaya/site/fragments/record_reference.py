"""The kinds of records that can stand in a ledger, and what each of their fields holds."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from datetime import datetime
from types import UnionType

import msgspec

from atalaya.core.words import N_, Record, StrictEnum
from atalaya.records.stored import FORMAT, STORED, Evidence
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

# What each kind of record is: read by people who have never seen the code.
SAYS: dict[str, str] = {
    "context": N_("What a run was made with: the SDK, Python, the system, the packages."),
    "observation": N_("One check's outcome in one run."),
    "finding": N_("Whether one weakness beyond the contract was seen in one run."),
    "health": N_("What one run of Atalaya's own tells of waits, retries, and the SDK's import and first client."),
    "tree": N_("The git tree that the SDK's path has in a commit."),
    "job": N_("One execution of one job of CI, or of a run of Atalaya's own."),
    "test": N_("One execution of one test."),
    "event": N_("A transport error, a polling timeout or a stale read."),
    "reading": N_("What became of one file that was taken in."),
    "proof": N_("One seeded defect, and the promises that turned red for it."),
    "settings": N_("The settings that a verdict rests on, from this instant on."),
    "transition": N_("How an incident stood from this instant on."),
    "signature": N_("A person's word for a duty that no machine can see."),
    "watch": N_("The state of the watch from this instant on, and how long it lasts."),
    "dispatch": N_("A run of CI that the watch started, and what its checkpoint asked for then."),
    "decision": N_("Who read which verdict, and what they did about it."),
    "said": N_("A verdict that was said to people: kept when it is another one than before."),
    "artefact": N_("What an index served of the version, and what installing it brought along."),
    "compat": N_("Whether the SDK could be installed, imported and used on one Python, or with one set of versions."),
    "api": N_("What the SDK offers, as its source says: names and signatures, without what they do."),
    "built": N_("What CI built, to be held against what is published."),
    "notice": N_("What was told by a webhook, and where."),
    "note": N_("What somebody of the team wrote under an incident's issue: shown, and never evidence."),
    "redaction": N_("A text that was taken out of what is recorded of an incident: by whom and why, and not which."),
    "roll": N_("The segments that were there, and that no roll call before had named."),
}
TYPES: dict[object, str] = {
    str: N_("text"),
    int: N_("whole number"),
    float: N_("number"),
    bool: N_("true or false"),
    datetime: N_("time in UTC"),
}


def records(voice: Renderer) -> Markdown:
    """Every kind of record, a table for each; the fields that all share come first."""
    shared = [field.name for field in msgspec.structs.fields(Evidence)]

    def holds(record: type[Evidence], names: Iterable[str]) -> list[tuple[str, Markdown]]:
        hints = typing.get_type_hints(record)
        held = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(record)}
        return [(name, _type(held[name], voice)) for name in names]

    def own(record: type[Evidence]) -> list[str]:
        return [field.encode_name for field in msgspec.structs.fields(record) if field.name not in shared]

    kinds = [(kind, holds(record, own(record))) for kind, record in STORED.items()]
    return render("records", voice, format=FORMAT, shared=holds(Evidence, shared), kinds=kinds, says=SAYS)


def _type(hint: object, voice: Renderer) -> Markdown:
    if typing.get_origin(hint) in (typing.Union, UnionType):
        (inner,) = (each for each in typing.get_args(hint) if each is not type(None))
        return myst.joined((_type(inner, voice), voice(N_("null where it is not known"))), Markdown("; "))
    if typing.get_origin(hint) is tuple:
        return myst.joined((voice(N_("a list of")), _type(typing.get_args(hint)[0], voice)))
    if isinstance(hint, type) and issubclass(hint, StrictEnum):
        return _named(voice(N_("one of")), (str(word.value) for word in hint), voice)
    if isinstance(hint, type) and issubclass(hint, Record):
        return _named(voice(N_("a record of")), (field.name for field in msgspec.structs.fields(hint)), voice)
    return voice(TYPES[hint])


def _named(what: Markdown, names: Iterable[str], voice: Renderer) -> Markdown:
    return myst.joined((what, myst.joined(map(voice.literal, names), Markdown(", "))))
