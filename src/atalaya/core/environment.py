"""Reads the process environment. No other module does, except what runs in the process of the SDK under watch.

Only the standard library is imported: Read the Docs asks whether to build before anything is installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

PREFIX = "ATALAYA_"
UV = "ATALAYA_UV"
DOOR = "ATALAYA_DOOR"
WEBHOOK = "ATALAYA_NOTIFY_WEBHOOK"
SERVICE = "ATALAYA_SERVICE_"  # and the name of a credential of the check pack
TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
LOOPBACK = ("127.0.0.1", "::1", "localhost")  # never asked by way of a proxy
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

# The ATALAYA_* variables that are no settings, as the reference prints them. Settings have variables of their own.
OWN: dict[str, str] = {
    UV: "The uv that makes the environment of the SDK. Set to nothing, pip makes it.",
    WEBHOOK: "A secret: the address that messages are sent to, in Slack's form. Not set: nobody is told.",
    f"{SERVICE}*": "Secrets: what the smoke of a real service signs in with, by the names that the pack gives.",
    DOOR: "`nox`: commands that are printed to be pasted are those of a clone. The nox sessions set it.",
    "ATALAYA_UNLOCKED": "`1`: the nox sessions install the newest versions, not those of the lock.",
}


class Secret:
    """A token or an address that must not be read by accident: its text comes only from :meth:`reveal`.

    >>> secret = Secret("hunter2")
    >>> f"{secret} {secret!r} {bool(secret)} {secret.reveal()}"
    '(secret) (secret) True hunter2'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "(secret)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written to a file or sent to another process")


def everything() -> dict[str, str]:
    """A copy of all variables, for the environment of a child process."""
    return dict(os.environ)


def only(names: Iterable[str]) -> dict[str, str]:
    """Those of these variables that are set."""
    return {name: os.environ[name] for name in names if name in os.environ}


def update(changes: Mapping[str, str]) -> None:
    """Set variables of this process, for a library that reads them."""
    os.environ.update(changes)


def forget(name: str) -> None:
    """Unset a variable of this process, for a library that reads it."""
    os.environ.pop(name, None)


def own(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Every ``ATALAYA_*`` variable that is set, known or not."""
    return {name: value for name, value in environ.items() if name.startswith(PREFIX)}


# ── Atalaya's own ────────────────────────────────────────────────────────────


def uv() -> str | None:
    """The uv that was named; empty where pip is to be used; None where nothing was said."""
    return os.environ.get(UV)


def called_by_nox() -> bool:
    """Whether a nox session of a clone runs the command."""
    return os.environ.get(DOOR) == "nox"


def webhook() -> Secret:
    """The address that messages are sent to; empty where nobody is told."""
    return Secret(os.environ.get(WEBHOOK, ""))


def credentials() -> dict[str, Secret]:
    """What a smoke against a real service signs in with, by the names of the credentials."""
    found = own()
    return {name.removeprefix(SERVICE).lower(): Secret(found[name]) for name in found if name.startswith(SERVICE)}


def says_ssh_of_git() -> bool:
    """Whether somebody says how git is to call ssh."""
    return bool(only(("GIT_SSH_COMMAND", "GIT_SSH")))


# ── the build of pages ───────────────────────────────────────────────────────


def site_variables(release: str, language: str, front: str, releases: str = "", url: str = "") -> dict[str, str]:
    """What a build of Sphinx is told by: which release (empty: the root pages), in which language, the front's, the
    folder of releases (empty: the one beside ``conf.py``), and the site's address (empty: not known).
    """
    told = {"SITE_RELEASE": release, "SITE_LANGUAGE": language, "SITE_FRONT_LANGUAGE": front}
    return told | {"SITE_RELEASES": releases, "SITE_URL": url}


def site() -> tuple[str, str, str]:
    """The release, the language and the front language that ``conf.py`` is told of; plain: the root pages, English."""
    release, language, front, *_ = (os.environ.get(name, "") for name in site_variables("", "", ""))
    return release, language or "en", front or "en"


def site_releases() -> Path | None:
    """The folder of the releases, where it does not lie beside ``conf.py``."""
    folder = os.environ.get("SITE_RELEASES")
    return Path(folder) if folder else None


def site_url() -> str:
    """The address of the site that is built, with a slash at its end; empty where it is not known."""
    return os.environ.get("SITE_URL", "")


def spark_remote() -> str:
    """The Spark Connect server that questions are asked of, as ``sc://host:15002``; empty: Spark runs here."""
    return os.environ.get("SPARK_REMOTE", "").strip()


def java_home() -> Path | None:
    """Where Java lies, as it was named; None where nothing was said."""
    folder = os.environ.get("JAVA_HOME")
    return Path(folder) if folder else None


def caches() -> Path | None:
    """Where programs keep what they can make again, as each system has it; None where no home is known."""
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        if os.environ.get(name):
            return Path(os.environ[name])
    with suppress(RuntimeError):
        return Path.home() / ".cache"
    return None


def virtual_environment() -> Path | None:
    """The Python environment that is active in the shell; None where none is."""
    return Path(os.environ["VIRTUAL_ENV"]) if os.environ.get("VIRTUAL_ENV") else None


# ── the network ──────────────────────────────────────────────────────────────


def proxies() -> list[str]:
    """The variables that name a proxy, as they are written here. Their values may hold a password."""
    return [name for name in _in_either_case(PROXIES) if os.environ.get(name)]


def certificates() -> list[str]:
    """The variables that say which certificates are trusted."""
    return [name for name in CERTIFICATES if os.environ.get(name)]


def way_out() -> dict[str, str]:
    """The variables by which a process finds its way out of this machine: proxies, and whom it trusts."""
    named = [os.environ.get(name) for name in _in_either_case(("NO_PROXY",))]
    without = ",".join(dict.fromkeys([*LOOPBACK, *filter(None, named)]))
    return only([*proxies(), *certificates()]) | dict.fromkeys(_in_either_case(("NO_PROXY",)), without)


def _in_either_case(names: Iterable[str]) -> list[str]:
    return [form for name in names for form in (name, name.lower())]


# ── the terminal ─────────────────────────────────────────────────────────────


def wants_colour() -> bool:
    """Whether a terminal may be sent colours (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_completing() -> bool:
    """Whether a shell asks what can follow, so that it can complete it."""
    return "_ARGCOMPLETE" in os.environ


# ── GitHub ───────────────────────────────────────────────────────────────────


def github_token(environ: Mapping[str, str] = os.environ) -> Secret:
    """The first of ``GITHUB_TOKEN`` and ``GH_TOKEN`` that is set; empty where none is."""
    return Secret(next((environ[name].strip() for name in TOKENS if environ.get(name, "").strip()), ""))


def github_api(environ: Mapping[str, str] = os.environ) -> str:
    """The address of the API; empty where it is GitHub's own."""
    return environ.get("GITHUB_API_URL", "")


def github_repository() -> str:
    """The repository that a workflow runs in, as ``owner/name``; empty elsewhere."""
    return os.environ.get("GITHUB_REPOSITORY", "")


def github_workflow(environ: Mapping[str, str] = os.environ) -> str:
    """The workflow that this runs in, as ``owner/name/.github/workflows/watch.yml``; empty elsewhere."""
    return environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]


def github_actor() -> str:
    """The person who started a workflow; empty elsewhere."""
    return os.environ.get("GITHUB_ACTOR", "")


def github_summary() -> str:
    """The file that a workflow shows as the summary of its run; empty elsewhere."""
    return os.environ.get("GITHUB_STEP_SUMMARY", "")


def in_github_actions() -> bool:
    """Whether this runs in a workflow, so that lines on the output can be commands to the runner."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


# ── Read the Docs ────────────────────────────────────────────────────────────


def readthedocs_output() -> Path | None:
    """The folder that Read the Docs takes the pages from; None elsewhere."""
    folder = os.environ.get("READTHEDOCS_OUTPUT")
    return Path(folder) / "html" if folder else None


def readthedocs_url() -> str:
    """The address that Read the Docs serves the pages at; empty elsewhere."""
    return os.environ.get("READTHEDOCS_CANONICAL_URL", "")


def readthedocs_branch() -> str:
    """The branch or tag that Read the Docs builds; empty elsewhere."""
    return os.environ.get("READTHEDOCS_GIT_IDENTIFIER", "")


def readthedocs_is_preview() -> bool:
    """Whether Read the Docs builds the preview of a pull request."""
    return os.environ.get("READTHEDOCS_VERSION_TYPE") == "external"
