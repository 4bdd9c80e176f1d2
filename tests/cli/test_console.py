"""Tests that terminal output is safe, and coloured only where colour is wanted."""

import io
import sys

import pytest

from atalaya.cli.commands import COMMANDS
from atalaya.cli.console import Console, pasteable, plain
from atalaya.cli.main import parser
from atalaya.cli.output import print_json


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


def test_a_terminal_shows_a_bar_below_the_lines_and_takes_it_back(monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    console = Console(terminal)
    with console.bar("checks", 10, 3) as done:
        done()
        console.row("broken", "[bold]x[/bold]\x1b[2J")
    console.line("after it")
    said = terminal.getvalue()
    assert "checks" in said
    assert "4/10" in said
    assert "  broken         [bold]x[/bold]\\x1b[2J" in said
    assert said.endswith("after it\n")
    assert "checks" not in said.rpartition("\x1b[2K")[2]


def test_a_file_gets_a_line_at_each_quarter_in_which_nothing_else_was_written() -> None:
    file = io.StringIO()
    console = Console(file)
    with console.bar("checks", 8) as done:
        for part in range(1, 9):
            if part == 3:
                console.line("found")
            done()
    with console.bar("seeded defects") as done:
        done()
    assert file.getvalue() == "  checks: 2 of 8\nfound\n  checks: 6 of 8\n"


def test_a_terminal_that_goes_away_while_a_bar_is_shown_ends_nothing(monkeypatch) -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setenv("TERM", "xterm")
    console = Console(Gone())
    with console.bar("checks", 2) as done:
        console.line("found")
        done()
