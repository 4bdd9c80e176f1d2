"""Tests that terminal output is safe, and coloured only where colour is wanted."""

import io
import sys

import pytest

from atalaya.cli.console import COMMANDS, Console, pasteable, plain
from atalaya.cli.context import print_json
from atalaya.cli.main import parser


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_control_characters_of_strangers_are_shown_and_not_obeyed() -> None:
    assert plain("a\x1b[2Jb\x07\u202ec\nd") == "a\\x1b[2Jb\\x07\\u202ec d"


def test_colour_is_left_out_where_nobody_sees_it(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    Console(stream).row("broken", "x")
    assert stream.getvalue() == "  broken         x\n"


def test_a_terminal_gets_colour(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    Console(stream).row("broken", "x")
    assert "\x1b[31;1m" in stream.getvalue()


def test_no_color_is_honoured(monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    Console(stream).row("broken", "x")
    assert "\x1b" not in stream.getvalue()


def test_commands_can_be_pasted_where_they_were_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Run `atalaya judge --explain pass-rate`, or atalaya site. Watched by atalaya."
    assert pasteable(said) == said
    monkeypatch.setenv("ATALAYA_DOOR", "nox")
    assert pasteable(said) == (
        "Run `python3 noxfile.py -s judge -- --explain pass-rate`, or python3 noxfile.py -s site. Watched by atalaya."
    )


def test_every_command_is_one_that_text_may_name() -> None:
    commands = next(action for action in parser()._actions if isinstance(action.choices, dict))
    assert sorted(COMMANDS) == sorted({*commands.choices} - {"checks"})


class Narrow(io.TextIOWrapper):
    """A terminal of an encoding that has few letters."""

    def __init__(self) -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding="cp1252", write_through=True)


def test_what_a_terminal_cannot_show_is_escaped() -> None:
    narrow = Narrow()
    Console(narrow).line("→ ñ")
    assert narrow.bytes.getvalue() == b"\\u2192 \xf1\n"


def test_where_nobody_reads_progress_the_command_goes_on() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    Console(Gone()).row("kept", "all is well")


def test_json_is_the_same_bytes_on_each_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Narrow()
    monkeypatch.setattr(sys, "stdout", narrow)
    print_json({"says": "→ ñ"})
    assert narrow.bytes.getvalue() == '{\n  "says": "→ ñ"\n}\n'.encode()


def test_progress_is_shown_on_a_terminal_alone_and_gives_way_to_the_next_line(monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        console = Console(stream)
        console.progress("1 of 3")
        console.progress("2 of 3")
        console.line("found")
        console.progress("3 of 3")
        console.progress("")
    assert file.getvalue() == "found\n"
    assert terminal.getvalue() == "  1 of 3\r\x1b[K  2 of 3\r\x1b[Kfound\n  3 of 3\r\x1b[K"
