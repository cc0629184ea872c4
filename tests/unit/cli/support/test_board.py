"""Progress of a run: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

import os
import pty
import re
import sys
import threading

import pytest

from frisket.cli.support.progress import board


def run(devices: int) -> None:
    with board("applying", devices) as shown:
        names = [f"192.0.2.{n}" for n in range(1, devices + 1)]
        for name in names:
            shown.begin(name, 3)
        for name in names:
            shown.heard(name, "written", "a, b")
            shown.heard(name, "restart", "")
        shown.heard("nobody", "written", "a")
        for name in names:
            shown.end(name)


def test_on_a_terminal_each_device_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    for name, value in (("TERM", "xterm"), ("COLUMNS", "100"), ("LINES", "40")):
        monkeypatch.setenv(name, value)
    drawn: list[bytes] = []

    def look() -> None:
        try:
            while data := os.read(ours, 65536):
                drawn.append(data)
        except OSError:  # the terminal is closed
            pass

    eyes = threading.Thread(target=look)
    eyes.start()
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        run(20)
    eyes.join()
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", b"".join(drawn).decode())
    assert "applying" in text
    assert "20/20" in text
    assert re.search(r"192\.0\.2\.1 .*0/3.*reading", text)
    first = text[: text.index("192.0.2.12 ")]
    assert "192.0.2.13 " not in first, "no more rows than fit"


def test_without_a_terminal_nothing_is_drawn(capfd: pytest.CaptureFixture[str]) -> None:
    run(3)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
