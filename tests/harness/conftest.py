"""SDKs that are sick in one place."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from atalaya.sdk.prepare import Prepared
from tests.ours import PACKAGE, REFERENCE


@pytest.fixture
def sdk_with(prepared: Prepared, tmp_path: Path) -> Callable[[str, str, str], Prepared]:
    """The reference SDK with something added to, or replaced in, one file."""

    def make(file: str, old: str, new: str) -> Prepared:
        source = tmp_path / "src"
        shutil.copytree(REFERENCE, source, dirs_exist_ok=True)
        target = source / PACKAGE / file
        text = target.read_text()
        assert old in text
        target.write_text(text.replace(old, new, 1) if old else text + new)
        return msgspec.structs.replace(prepared, paths=(source,))

    return make
