"""What the SDK promises about its package, and the sentences of the contract that say so."""

from __future__ import annotations

from atalaya.harness.declare import CRITICAL, MAJOR, MINOR, Promises, Statements

PROMISES = Promises("package")


@PROMISES.add(CRITICAL, checkpoint_h=0)
def installs() -> None:
    """The package can be installed, with all that it declares.

    Why: A release that cannot be installed reaches nobody.

    How: It is built and installed as users do it, and what was built is compared with its source; then each requirement
    that it declares is looked for beside it.
    """


@PROMISES.add(CRITICAL, checkpoint_h=0)
def imports() -> None:
    """The package and its modules can be imported where it was installed.

    Why: A program that imports it does not even start.

    How: An import in an interpreter of its own, and one of each module that the contract names.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def wheel_holds_the_package() -> None:
    """What is installed is the package, and nothing beside it.

    Why: A stray `tests` folder shadows that of every program which installs it; without the package, nothing is there.

    How: The first folder of each file that the installer has recorded.
    """


@PROMISES.add(MAJOR, checkpoint_h=0)
def has_its_names() -> None:
    """The names that callers import from the package are there.

    Why: A program that imports one of them stops with an ImportError.

    How: Each name of the contract's list that the SDK has anywhere, and those that it cannot be without.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def declares_what_it_imports() -> None:
    """Each third-party library that its code imports is declared, or comes with one that is.

    Why: It works on the machine of who built it, and nowhere else.

    How: The imports in each of its files, but for those that it does without.
    """


@PROMISES.add(MINOR, checkpoint_h=24)
def declares_its_python() -> None:
    """It declares that it runs on Python 3.10 and newer.

    Why: An installer passes over a release that is not for its Python, and takes an old one without a word.

    How: What it declares, asked about each minor version of Python from 3.10 on.
    """


@PROMISES.add(MAJOR, checkpoint_h=24)
def fits_its_python() -> None:
    """Its code is Python of the oldest version that it declares, and takes no name that came later.

    Why: Who develops it has a newer Python, and sees nothing of it; who installs it on the old one cannot import it.

    How: The syntax of each of its files, and each name of the standard library that it takes in any case.
    """


STATEMENTS = Statements("package")


@STATEMENTS.section("1")
def the_package() -> None:
    """The package.

    Its distribution is built from a project with its package below src/, and can be installed.
        package.installs, package.wheel-holds-the-package
    It declares Python 3.10 or newer.
        package.declares-its-python, package.fits-its-python
    It declares the libraries that importing it needs, and they can be installed beside it.
        package.declares-what-it-imports, package.installs
    The package and its modules can be imported once it is installed.
        package.imports
    The names that callers need can be imported from the package itself.
        package.has-its-names
    """
