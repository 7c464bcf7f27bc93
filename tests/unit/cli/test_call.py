"""How a reply is printed."""

from __future__ import annotations

import json
import sys
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from uploadd.cli import call as command
from uploadd.cli.app import app
from uploadd.cli.call import printed
from uploadd.model.signs import is_unsafe


def test_json_is_indented_and_readable() -> None:
    """What is not ASCII stays as it is."""
    assert printed({"title": "Été ☃"}).decode() == '{\n  "title": "Été ☃"\n}\n'


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b2J", "\x7f", "a\u2028b", "\ud800", "\x00", '"\\'])
def test_what_a_terminal_obeys_is_escaped(text: str) -> None:
    """And reads back as the same."""
    shown = printed({"title": text, text: 1}).decode()
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
    assert json.loads(shown) == {"title": text, text: 1}


def test_xml_stays_as_it_came() -> None:
    """But for a line's end."""
    assert printed("<rsp>\né</rsp>") == "<rsp>\né</rsp>\n".encode()
    assert printed("<rsp/>\n") == b"<rsp/>\n"


def test_ctrl_c_leaves_the_outcome_open(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops a call is told that it may have been made."""

    async def stopped(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "call_method", stopped)
    monkeypatch.setattr(sys, "argv", ["uploadd"])
    home = tmp_path_factory.mktemp("home")
    config = home / "uploadd.toml"
    config.write_text(f'state_dir = "{home}/state"\n[accounts.me]\nservice = "flickr"\n')
    done = CliRunner().invoke(app, ["--config", str(config), "call", "a.b"])
    assert done.exit_code == 130
    assert "may have done its work" in done.output


@pytest.mark.parametrize("text", ["\x9b2J", "\u202eevil", "\x7f", "a\rb", "\u2028", "\x1b[2J"])
def test_xml_on_a_terminal_obeys_nothing(text: str) -> None:
    """References stand for it; in a file or a pipe it stays as it came."""
    reply = f'<rsp stat="ok">\n<a b="{text}">{text}é</a></rsp>'
    assert printed(reply) == f"{reply}\n".encode()
    shown = printed(reply, is_terminal=True).decode()
    assert not [sign for sign in shown if is_unsafe(sign) and sign != "\n"]
    if "\x1b" not in text:  # no XML can hold that one
        root = ET.fromstring(shown)
        assert root.findtext("a") == f"{text}é"
