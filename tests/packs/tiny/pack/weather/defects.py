"""Changes to the reference SDK that break what it promises."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("weather")


@DEFECTS.add("__init__.py", "weather.url-is-needed")
def built_in_address() -> None:
    """An address that nobody gave steps in.

    - if not self.url:
    + self.url = self.url or "http://127.0.0.1:9"
    + if not self.url:
    """


@DEFECTS.add("__init__.py", "weather.town-is-asked")
def always_home() -> None:
    """Every town is Oslo.

    - return self._get(f"/towns/{town}")["degrees"]
    + return self._get("/towns/oslo")["degrees"]
    """


@DEFECTS.add("__init__.py", "weather.errors-are-its-own", "weather.dead-networks-are-told")
def library_errors() -> None:
    """An error of the library is passed on.

    - except (OSError, http.client.HTTPException) as why:
    + except KeyError as why:
    """


@DEFECTS.add("__init__.py", "weather.base-path-is-kept")
def path_of_the_address_lost() -> None:
    """A path in the address is dropped.

    - with urllib.request.urlopen(self.url + path, timeout=5) as answer:
    + with urllib.request.urlopen("/".join(self.url.split("/")[:3]) + path, timeout=5) as answer:
    """


@DEFECTS.add("__init__.py", "weather.second-call-is-like-the-first")
def first_reading_kept() -> None:
    """A client keeps its first reading.

    - return self._get(f"/towns/{town}")["degrees"]
    + self.read = getattr(self, "read", {})
    + return self.read.setdefault(town, self.read.get(town) or self._get(f"/towns/{town}")["degrees"])
    """


STAND_INS = StandIns("weather")


@STAND_INS.lacks("__init__.py")
def names_are_not_quoted() -> None:
    """
    - return self._get(f"/towns/{town}")["degrees"]
    + return self._get(f"/towns/{urllib.parse.quote(town)}")["degrees"]
    """
