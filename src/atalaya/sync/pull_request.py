"""Opens the one pull request that brings a closed watch to the main branch; people merge it."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from atalaya.core import network
from atalaya.core.environment import Secret
from atalaya.core.errors import NetworkError, UsageError
from atalaya.core.scrub import scrub
from atalaya.evidence.github.client import checked_address, checked_token, is_repository

TIMEOUT_S = 30.0
# What GitHub's answers mean, and what to do then.
ANSWERS: dict[int, str] = {
    401: "the token is none, or has run out. Set GITHUB_TOKEN anew",
    403: "the token may not open pull requests. Give the job `pull-requests: write`, and allow Actions to create pull "
    "requests in the repository's settings",
    404: "there is no such repository, or the token may not see it. Name it in [ci] repo of watch.toml",
    422: "GitHub cannot make one of these branches. See that both exist, and that they differ",
}


class Proposal:
    """Pull requests of one repository, from one branch to another."""

    def __init__(self, api: str, token: Secret, repo: str) -> None:
        if not is_repository(repo):
            raise UsageError(f"{repo!r} is no repository. Name one in [ci] repo of watch.toml, as owner/name.")
        token = checked_token(token)
        if not token:
            raise UsageError("No token in GITHUB_TOKEN or GH_TOKEN: a pull request cannot be opened without one.")
        self._url = f"{checked_address(api)}/repos/{repo}/pulls"
        self._owner = repo.partition("/")[0]
        self._headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "atalaya",
            "Authorization": f"Bearer {token.reveal()}",
        }

    def open(self, *, branch: str, base: str, releases: Sequence[str]) -> tuple[str, bool]:
        """The address of the one pull request, and whether it is new. One that is open already is left as it is."""
        if found := self._found(branch, base):
            return found, False
        names = ", ".join(releases)
        body = {
            "head": branch,
            "base": base,
            "title": f"Bring the sealed watch of {names} to {base}",
            "body": f"The watch of {names} is closed, and its folder is sealed: `atalaya release verify` "
            f"proves it untouched. Merge it as it is.",
        }
        answer = self._ask("POST", json=body)
        if answer.status_code == 422 and (found := self._found(branch, base)):
            return found, False  # somebody else opened it in between
        return _address(self._good(answer).json()), True

    def _found(self, branch: str, base: str) -> str:
        asked = {"state": "open", "head": f"{self._owner}:{branch}", "base": base}
        answer = self._good(self._ask("GET", params=asked)).json()
        return _address(answer[0]) if isinstance(answer, list) and answer else ""

    def _ask(self, method: str, **asked: object) -> httpx.Response:
        try:
            with network.client(timeout=TIMEOUT_S) as client:
                return client.request(method, self._url, headers=self._headers, **asked)  # type: ignore[arg-type]
        except httpx.HTTPError as why:
            raise NetworkError(f"GitHub cannot be reached ({network.what(why)}). {network.mend(why)}") from None

    def _good(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        says = ANSWERS.get(answer.status_code)
        if says is None:
            raise NetworkError(f"GitHub answered {answer.status_code} to {answer.url.path}. Run again later.")
        raise UsageError(f"GitHub answered {answer.status_code} to {answer.url.path}: {says}.")


def _address(pull: object) -> str:
    found = pull.get("html_url") if isinstance(pull, dict) else None
    if not isinstance(found, str):
        raise NetworkError("GitHub's answer is no pull request. Run again later.")
    return scrub(found)
