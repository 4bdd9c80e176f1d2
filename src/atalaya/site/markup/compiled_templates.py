"""Keeps templates as Jinja has compiled them, in one file below what builds write: to compile them takes a third of
what it takes to fill them in.

What is kept is known by the digest of all that it was made from: a template that changed is compiled again, and so is
every one where the file is damaged, or where another version made it.
"""

from __future__ import annotations

import hashlib
import marshal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

from atalaya.core.source_digest import versions
from atalaya.core.whole_file import write_whole

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.bccache import Bucket

FOLDER = Path("_build", "templates")  # in the Sphinx project
DIGITS = 64


class CompiledTemplates(BytecodeCache):
    """What the templates of one environment were compiled to.

    :param file: where it is kept. It is read when a template is asked for, and written by :meth:`save`.
    :param made_by: what a template is compiled by beside Jinja and the environment's extensions: the code of the
        filters, which Jinja applies to what is constant.
    """

    def __init__(self, file: Path, environment: Environment, made_by: str) -> None:
        self._file = file
        self._made_by = "\0".join((*versions(("jinja2",)), *sorted(environment.extensions), made_by)).encode()
        self._new: dict[str, tuple[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What Jinja asks for before it compiles a template."""
        checksum, code = self._new.get(bucket.key) or self._kept.get(bucket.key, ("", b""))
        if checksum == bucket.checksum:
            bucket.code = marshal.loads(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """What Jinja gives once it has compiled one."""
        self._new[bucket.key] = (bucket.checksum, marshal.dumps(bucket.code))

    def save(self) -> None:
        """Write what was compiled since, beside what is there: another build may have kept others meanwhile."""
        if self._new:
            content = marshal.dumps(self._read() | self._new)
            write_whole(self._file, self._digest(content) + content)

    @cached_property
    def _kept(self) -> dict[str, tuple[str, bytes]]:
        return self._read()

    def _read(self) -> dict[str, tuple[str, bytes]]:
        try:
            kept = self._file.read_bytes()
        except OSError:
            return {}
        content = kept[DIGITS:]
        # Only what is whole, and was made by this version, is read: anything else may end the process.
        if kept[:DIGITS] != self._digest(content):
            return {}
        found: dict[str, tuple[str, bytes]] = marshal.loads(content)
        return found

    def _digest(self, content: bytes) -> bytes:
        return hashlib.sha256(self._made_by + b"\0" + content).hexdigest().encode()
