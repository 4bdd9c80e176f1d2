"""Tests that fleet.toml is read correctly, and that an error gives the place of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from atalaya.core.errors import SettingsError
from atalaya.core.fleet_settings import every_key, load
from tests.tables import each_row


def written(folder: Path, text: str) -> Path:
    path = folder / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_sources_are_read_in_their_order_and_named_after_the_last_part_of_where_they_are(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'rehearsals = true\n[[source]]\npath = "../orders/"\n[[source]]\ngit = "https://github.com/acme/billing.git"\n'
        '[[source]]\nparquet = "exported/stock"\nsubject = "Stock"\n',
    )
    settings = load(path).settings
    assert [(one.kind, one.name) for one in settings.source] == [
        ("path", "orders"),
        ("git", "billing"),
        ("parquet", "Stock"),
    ]
    assert settings.rehearsals is True


def test_every_key_of_a_source_has_a_description_and_an_empty_default() -> None:
    of_source = [key for key in every_key() if key.section == "source"]
    assert [key.name for key in of_source] == ["path", "git", "parquet", "branch", "releases", "subject", "site"]
    assert all(key.description and key.default == "" for key in of_source)


WRONG = [
    ("nothing is named", "", "fleet.toml: it names no source"),
    ("no source", "rehearsals = true\n", "fleet.toml: it names no source"),
    ("no TOML", "[[source]\n", "not TOML"),
    (
        "an unknown key",
        '[[source]]\npath = "a"\nreles = "b"\n',
        "fleet.toml:3 unknown key 'reles'. Known here: path, git",
    ),
    ("an unknown key of the file", 'every = 1\n[[source]]\npath = "a"\n', "fleet.toml:1 unknown key 'every'"),
    ("a wrong type", "[[source]]\npath = 7\n", "fleet.toml:2 path: expected `str`, got `int`"),
    ("two places", '[[source]]\npath = "a"\ngit = "https://h/a"\n', "fleet.toml:1 source: path and git are both named"),
    ("no place", '[[source]]\nsubject = "a"\n', "fleet.toml:1 source: nothing says where it is. Give one of path"),
    (
        "one subject twice",
        '[[source]]\npath = "x/sdk"\n\n[[source]]\ngit = "https://h/SDK.git"\n',
        "fleet.toml:4 source: its releases are of 'SDK', and so are those of fleet.toml:1. Give each a name",
    ),
    ("one bracket", '\n[source]\npath = "a"\n', "fleet.toml:2 [source]: there may be several. Write it"),
    ("no name", '[[source]]\npath = ".."\n', "its path has no name of its own"),
    ("releases beside Parquet", '[[source]]\nparquet = "a"\nreleases = "b"\n', "holds the releases itself"),
    ("a branch of a folder", '[[source]]\npath = "a"\nbranch = "b"\n', "only `git` has a branch"),
    (
        "a branch that is an option",
        '[[source]]\ngit = "https://h/a"\nbranch = "--upload-pack=x"\n',
        "fleet.toml:3 branch",
    ),
    ("another protocol", '[[source]]\ngit = "ext::sh -c id"\n', "'ext::sh -c id' is no address that git is asked for"),
    ("an option for git", '[[source]]\ngit = "--upload-pack=touch x"\n', "is no address that git is asked for"),
    ("a password", '[[source]]\ngit = "https://ana:s3cret@h/a.git"\n', "the address holds a name or a password"),
    ("a way out", '[[source]]\npath = "a"\nreleases = "/etc"\n', "fleet.toml:3 releases: that is none"),
    ("a site that runs", '[[source]]\npath = "a"\nsite = "javascript:alert(1)"\n', "fleet.toml:3 site: that is none"),
]


@each_row(("name", "text", "says"), WRONG)
def test_what_is_wrong_is_told_with_its_place(name: str, text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load(written(tmp_path, text))
    assert (name, says in str(raised.value), "s3cret" in str(raised.value)) == (name, True, False), str(raised.value)


def test_a_file_that_is_not_there_is_told_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such file. Write one with a \[\[source\]\]"):
        load(tmp_path / "fleet.toml")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path)
