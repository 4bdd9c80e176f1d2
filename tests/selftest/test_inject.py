"""Tests that a defect is planted in a copy of a reference SDK from which all that was found in it is taken."""

from pathlib import Path

import pytest

from atalaya.harness.declare import Defect, Family
from atalaya.harness.pack import Pack
from atalaya.selftest.seeded_faults import inject

SHIPPED = "a = 2\nb = 2\nc = 1\n"
FOUND_A, FOUND_B = (Defect(name, "It is.", "x.py", f"{name} = 1", f"{name} = 2", ("f.a",), found=True) for name in "ab")
SEEDED = Defect("c", "It is.", "x.py", "c = 1", "c = 2", ("f.a",))


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A pack that holds no SDK: its reference was installed, among other packages."""
    for package in ("p", "other"):
        (tmp_path / "site" / package).mkdir(parents=True)
        (tmp_path / "site" / package / "x.py").write_text(SHIPPED)
    return Pack(
        name="p",
        module="p",
        folder=tmp_path,
        package="p",
        distribution="p",
        prefix="P_",
        requirement="p==1",
        installed=tmp_path / "site",
        families=(Family("f", tmp_path, (), (), (), (FOUND_A, FOUND_B, SEEDED), ()),),
    )


@pytest.mark.parametrize(
    ("defect", "planted"),
    [(SEEDED, "a = 1\nb = 1\nc = 2\n"), (FOUND_A, "a = 2\nb = 1\nc = 1\n"), (FOUND_B, "a = 1\nb = 2\nc = 1\n")],
    ids=["seeded", "found", "found too"],
)
def test_what_was_found_is_mended_but_for_the_defect_itself(
    pack: Pack, defect: Defect, planted: str, tmp_path: Path
) -> None:
    assert planted == (inject(pack, defect, tmp_path / "into") / "p" / "x.py").read_text()


def test_the_package_alone_is_copied_and_what_is_installed_stays_as_it_is(pack: Pack, tmp_path: Path) -> None:
    folder = inject(pack, SEEDED, tmp_path / "into")
    assert [one.name for one in folder.iterdir()] == ["p"]
    assert (tmp_path / "site" / "p" / "x.py").read_text() == SHIPPED
