"""Is what the terminal shows safe, and coloured only where that is wanted?"""

import io

from atalaya.cli.console import Console, plain


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
