"""Changes to the reference SDK, or to what its project declares, that break what it promises about its package."""

from __future__ import annotations

from atalaya.harness.declare import Defects, StandIns

DEFECTS = Defects("package")


# ── installing it ──


@DEFECTS.add("pyproject.toml", "package.installs")
def needs_what_nobody_has() -> None:
    """It needs a library that was never published.

    - dependencies = ["httpx>=0.27", "python-dotenv>=1.0"]
    + dependencies = ["httpx>=0.27", "python-dotenv>=1.0", "aris3-internal-tools>=1"]
    """


@DEFECTS.add("pyproject.toml", "package.installs")
def needs_a_version_that_is_to_come() -> None:
    """It needs a version of a library that nobody has published yet.

    - dependencies = ["httpx>=0.27", "python-dotenv>=1.0"]
    + dependencies = ["httpx>=0.27", "python-dotenv>=100"]
    """


@DEFECTS.add("pyproject.toml", "package.wheel-holds-the-package")
def wheel_holds_its_tests() -> None:
    """Its tests are installed beside it.

    - packages = ["src/aris3_client_sdk"]
    + packages = ["src/aris3_client_sdk", "tests"]
    """


@DEFECTS.add("pyproject.toml", "package.wheel-holds-the-package")
def wheel_holds_another_name() -> None:
    """What is installed has another name.

    - packages = ["src/aris3_client_sdk"]
    + packages = ["src/aris3_client"]
    """


# ── importing it ──


@DEFECTS.add("__init__.py", "package.imports")
def imports_a_name_that_is_gone() -> None:
    """It imports a name that one of its modules lost.

    - from .tracing import TraceContext
    + from .tracing import TraceContext, TraceLog
    """


@DEFECTS.add("config.py", "package.imports")
def reads_a_variable_when_imported() -> None:
    """Without a variable, its import fails.

    - TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
    + TRUE_WORDS = frozenset(os.environ["ARIS3_TRUE_WORDS"].split(","))
    """


@DEFECTS.add("models_exports.py", "package.imports")
def imports_what_is_on_one_machine_only() -> None:
    """It imports a library that is on its author's machine only.

    + import aris3_internal_tools  # noqa: F401
    +
      from dataclasses import dataclass, field
    """


# ── its names ──


@DEFECTS.add("__init__.py", "package.has-its-names")
def client_left_out() -> None:
    """ExportsClient can be imported from its own module alone.

    - from .session import ApiSession
    + from .session import ApiSession
    + from . import clients
    + del clients.ExportsClient
    """


@DEFECTS.add("__init__.py", "package.has-its-names")
def filter_left_out() -> None:
    """ReportFilter cannot be imported from the package.

    - from .models_reports import ReportFilter
    """


@DEFECTS.add("__init__.py", "package.has-its-names")
def session_data_left_out() -> None:
    """SessionData cannot be imported from the package.

    - from .models import SessionData, TokenResponse, UserResponse
    + from .models import TokenResponse, UserResponse
    """


# ── what it declares ──


@DEFECTS.add("pyproject.toml", "package.declares-what-it-imports")
def dotenv_not_declared() -> None:
    """python-dotenv is not declared.

    - dependencies = ["httpx>=0.27", "python-dotenv>=1.0"]
    + dependencies = ["httpx>=0.27"]
    """


@DEFECTS.add("pyproject.toml", "package.declares-what-it-imports")
def http_library_not_declared() -> None:
    """The HTTP library is not declared.

    - dependencies = ["httpx>=0.27", "python-dotenv>=1.0"]
    + dependencies = ["python-dotenv>=1.0"]
    """


@DEFECTS.add("tracing.py", "package.declares-what-it-imports")
def borrows_a_library_of_the_tests() -> None:
    """It imports a library that only its tests bring along.

    - import uuid
    + import uuid
    +
    + import packaging.version  # noqa: F401
    """


@DEFECTS.add("pyproject.toml", "package.declares-its-python")
def oldest_python_left_behind() -> None:
    """It is declared for Python 3.11 and newer.

    - requires-python = ">=3.10"
    + requires-python = ">=3.11"
    """


@DEFECTS.add("pyproject.toml", "package.declares-its-python")
def newest_python_shut_out() -> None:
    """It is declared for no Python that is newer than its author's.

    - requires-python = ">=3.10"
    + requires-python = ">=3.10,<3.14"
    """


@DEFECTS.add("pyproject.toml", "package.declares-its-python")
def no_python_declared() -> None:
    """It does not say which Python it is for.

    - requires-python = ">=3.10"
    """


@DEFECTS.add("models_exports.py", "package.fits-its-python")
def enum_of_a_newer_python() -> None:
    """It takes an enumeration that came with Python 3.11.

    - from enum import Enum
    + from enum import Enum, StrEnum
    """


@DEFECTS.add("models.py", "package.fits-its-python")
def time_zone_of_a_newer_python() -> None:
    """It takes the time zone by a name that came with Python 3.11.

    - from datetime import date, datetime
    + from datetime import UTC, date, datetime
    """


@DEFECTS.add("idempotency.py", "package.fits-its-python")
def module_of_a_newer_python() -> None:
    """It takes a module that came with Python 3.11.

    - import uuid
    + import tomllib
    + import uuid
    """


@DEFECTS.add("auth_store.py", "package.fits-its-python")
def syntax_of_a_newer_python() -> None:
    """It catches groups of exceptions, which Python 3.10 cannot read.

    - import json
    - import os
    + import json
    +
    + try:
    +     import os
    + except* ImportError:
    +     raise
    """


STAND_INS = StandIns("package")
