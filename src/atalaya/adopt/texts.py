"""The texts of the files that `atalaya init` writes."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from atalaya.adopt.find import Sdk, Uses, Workflow
from atalaya.core.places import BESIDE, SCRATCH
from atalaya.core.settings import ActionSettings, every_key

WORKFLOW = ".github/workflows/atalaya.yml"
NOWHERE = Uses("OWNER/atalaya", "0" * 40, "v1")
BEGINS, ENDS = "# >>> atalaya init", "# <<< atalaya init"
EVERY_H = 1  # what the schedule of the workflow promises: it runs twice in each hour, and either run will do
WIDE = 100


class Choices(NamedTuple):
    """What was found in a repository, or asked for."""

    sdk: Sdk
    repository: str = ""  # on GitHub, as owner/name
    workflows: tuple[Workflow, ...] = ()
    uses: Uses = NOWHERE
    dispatch: bool = False
    issues: bool = False  # whether incidents are kept as such
    schedule: bool = True  # whether the workflow runs by itself
    base_url: str = ""
    sphinx: str = ""  # the suffix of the pages of the Sphinx site that is there; empty: there is none
    exclude: str = ""  # the line that its conf.py needs

    @property
    def pythons(self) -> tuple[str, ...]:
        """The Pythons that its workflows test the SDK on; where they name none, those that it says it is for."""
        tested = {python for one in self.workflows for python in one.pythons}
        return tuple(sorted(tested, key=_number)) or self.sdk.pythons


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# ── watch.toml ───────────────────────────────────────────────────────────────


def watch_toml(choices: Choices) -> str:
    """``watch.toml``: what is set, and what a team may want to set, each with what it means."""
    set_here: dict[str, Any] = {
        "subject.sdk": f"./{choices.sdk.path}" if choices.sdk.path != "." else "./",
        "subject.path": "" if choices.sdk.path == "." else choices.sdk.path,
        "ci.repo": choices.repository,
        "ci.workflows": [one.name for one in choices.workflows],
        "ci.dispatch": choices.dispatch,
        "watch.every_h": EVERY_H if choices.schedule else 0,
        "compat.pythons": list(choices.pythons),
        "smoke.base_url": choices.base_url,
        "incidents.github": choices.issues,
    }
    proposed: dict[str, Any] = {
        "subject.adapter": "atalaya-adapter.toml",
        "ci.repo": "owner/name",
        "ci.workflows": ["tests"],
        "smoke.base_url": "https://api.example.com",
        "ci.junit": ["reports"],
        "watch.language": "es",
        "compat.pythons": ["3.11", "3.12"],
        "artefact.project": choices.sdk.name,
        "incidents.github": True,
        "incidents.notes": True,
        "owners.NAME": {"critical": "@on-call", "stale-cache": "@ana"},
        "actions.critical": ActionSettings().critical,
        "actions.warning": ActionSettings().warning,
    }
    says = (
        "What Atalaya watches in this repository. Written by `atalaya init`; edit it as you like. A key that is left "
        "out has its default, and a variable named after a key, such as ATALAYA_CI_REPO, stands over it."
    )
    lines = _wrapped(says)
    section = ""
    for key in every_key():
        dotted = f"{key.section}.{key.name}"
        if dotted not in set_here and dotted not in proposed:
            continue
        lines += ["", f"[{key.section}]"] if key.section != section else [""]
        section = key.section
        lines += _wrapped(key.description)
        is_set = bool(set_here.get(dotted)) or dotted in ("ci.dispatch", "watch.every_h")
        value = set_here[dotted] if is_set else proposed.get(dotted, set_here.get(dotted))
        keys = value if isinstance(value, dict) else {key.name: value}
        lines += [f"{'' if is_set else '# '}{name} = {_toml(one)}" for name, one in keys.items()]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), WIDE - 2, break_on_hyphens=False)]


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# ── the workflow ─────────────────────────────────────────────────────────────


SCHEDULE = (
    "  schedule:",
    "    # Every half hour: this keeps `every_h` in watch.toml. It ends in seconds where no release is open.",
    '    - cron: "23,53 * * * *"',
)


def workflow(choices: Choices) -> str:
    """The one workflow: it calls the reusable ones, and grants each what it needs and no more."""
    lines = [
        f"# Watches each release of {choices.sdk.name} for 72 hours. Written by `atalaya init`; edit it as you like.",
        "name: atalaya",
        "",
        "on:",
        "  workflow_dispatch:",
        *(SCHEDULE if choices.schedule else ()),
        "",
        "permissions: {}",
        "",
        "concurrency:",
        "  group: atalaya",
        "  cancel-in-progress: false",
        "",
        "jobs:",
        *_job(
            "watch",
            choices,
            _inputs(choices),
            {
                "contents": ("write", "to add evidence to its branch"),
                "actions": ("read", "to take in what CI said"),
                "checks": ("read", "to see whether a job was cut at its time limit"),
                "pull-requests": ("write", "to propose a closed release to the main branch"),
            },
        ),
    ]
    if choices.dispatch:
        lines += [
            "",
            *_job(
                "dispatch",
                choices,
                (),
                {
                    "contents": ("write", "to record on the branch of evidence what was started"),
                    "actions": ("write", "to start the runs of CI that are missing"),
                    "checks": ("read", "to see whether a job was cut at its time limit"),
                },
                needs="watch",
            ),
        ]
    if choices.issues:
        lines += [
            "",
            *_job(
                "incidents",
                choices,
                (),
                {
                    "contents": ("write", "to keep what the team wrote on the branch of evidence"),
                    "issues": ("write", "to open, comment and close the issue of an incident"),
                },
                needs="watch",
            ),
        ]
    return "\n".join(lines) + "\n"


def _job(
    name: str, choices: Choices, inputs: Sequence[tuple[str, str]], grants: dict[str, tuple[str, str]], needs: str = ""
) -> Iterator[str]:
    it = choices.uses
    yield f"  {name}:"
    if needs:
        yield f"    needs: {needs}"
        yield "    if: ${{ !cancelled() }}"
    yield "    permissions:"
    for scope, (access, why) in grants.items():
        yield f"      {scope}: {access} # {why}"
    yield f"    uses: {it.repository}/.github/workflows/{name}.yml@{it.commit}{f' # {it.tag}' if it.tag else ''}"
    if inputs:
        yield "    with:"
        for key, value in inputs:
            yield f"      {key}: {json.dumps(value, ensure_ascii=False)}"


def _inputs(choices: Choices) -> list[tuple[str, str]]:
    given = [("sdk", choices.sdk.path), ("pythons", " ".join(choices.pythons)), ("base-url", choices.base_url)]
    return [(name, value) for name, value in given if value]


# ── the home of the release pages ────────────────────────────────────────────


def readme(choices: Choices) -> str:
    """What lies in the home of the release pages, for whoever finds it."""
    return f"""# Release pages of {choices.sdk.name}

Atalaya watches each release of the SDK in `{choices.sdk.path}` for 72 hours. This folder holds what it saw.

- `releases/VERSION/` is the whole of one watch: its pages, its evidence, its incidents. Evidence never changes.
- `conf.py` sets what is yours in the look of the site; `.readthedocs.yaml` lets Read the Docs build it.
- What is generated lies in `{SCRATCH}/` at the top of the repository, which git ignores.

```shell
atalaya status                                 # where the watch stands
atalaya release open VERSION --commit REF      # a release is out: T+0 is now
atalaya site                                   # build the pages: {SCRATCH}/site/_build/html/index.html
```
"""


def conf_py(choices: Choices) -> str:
    """What a team sets over the Sphinx project of Atalaya."""
    title = json.dumps(f"{choices.sdk.name} releases", ensure_ascii=False)
    return f'''"""The site of the release pages: a Sphinx project of its own, which `atalaya site` builds.

All that it needs comes with Atalaya. What is set here stands over it: any setting of Sphinx or of its theme.
"""

html_title = f"{{html_title}} · " + {title}  # noqa: F821 - set before this is read
# html_baseurl = "https://your-site.example/"
'''


def readthedocs(choices: Choices) -> str:
    """How Read the Docs builds the site, from the branch that evidence goes to."""
    it = choices.uses
    return f"""# In Read the Docs, name this file as the path of the configuration, and activate the version `evidence`.
version: 2

build:
  os: ubuntu-24.04
  tools:
    python: "3.12"
  jobs:
    post_checkout:
      # 183 cancels a build: nothing has changed that a reader sees. Whatever goes wrong here, the pages are built.
      - |
        code=0
        python3 -m venv .atalaya/asks && .atalaya/asks/bin/python -m pip install --quiet "{_requirement(it)}" || exit 0
        .atalaya/asks/bin/atalaya sync changed || code=$?
        if [ "$code" -eq 183 ]; then exit 183; fi
    install:
      - python -m pip install "{_requirement(it, "[site]")}"
    build:
      html:
        - atalaya site
"""


def _requirement(it: Uses, extra: str = "") -> str:
    return f"atalaya-watch{extra} @ git+https://github.com/{it.repository}@{it.commit}"


def page_in_sphinx(choices: Choices) -> str:
    """The page of the Sphinx site that is there already."""
    title = f"Releases of {choices.sdk.name}"
    says = (
        f"Atalaya watches each release of the SDK for 72 hours. What it saw lies in ``{BESIDE}/releases/``, a folder\n"
        f"for each release, and ``atalaya site`` builds the pages."
    )
    if choices.sphinx == ".rst":
        return f":orphan:\n\n{title}\n{'=' * len(title)}\n\n{says}\n"
    return f"---\norphan: true\n---\n\n# {title}\n\n{says.replace('``', '`')}\n"


# ── .gitignore ───────────────────────────────────────────────────────────────


def ignored() -> str:
    """The marked block of ``.gitignore``."""
    return f"""{BEGINS}: what Atalaya writes for this machine alone
/{SCRATCH}/
/{BESIDE}/releases/local-*/
/{BESIDE}/releases/.*/
{ENDS}
"""
