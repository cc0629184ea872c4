"""`frisket serve` as a process: first run, kill -9 at any moment, a good end, refusals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.xdist_group("lab")

PASSWORD = "five odd words for tests"


@dataclass
class Running:
    """A console in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    link: str


@contextmanager
def serving(data: Path, *more: str) -> Iterator[Running]:
    """Start a console and wait until it says where it is; it is ended with the block."""
    command = [sys.executable, "-m", "frisket.cli", "serve", "--data", str(data), "--port", "0"]
    process = subprocess.Popen(
        [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = re.search(r"http://localhost:\d+", first)
        assert url, first + (process.stderr.read() if process.stderr else "")
        link = ""
        if not (data / "made").exists():
            link = process.stdout.readline().split()[-1]
        yield Running(process, url[0], link)
    finally:
        process.kill()
        process.communicate()


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, trust_env=False, headers={"origin": url})


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    """Return the session as a browser on localhost sends it: httpx withholds it without TLS."""
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


def first_account(running: Running) -> dict[str, str]:
    filled = {"name": "ann", "password": PASSWORD, "again": PASSWORD}
    with client(running.url) as visitor:
        answer = visitor.post(running.link.removeprefix(running.url), data=filled)
        assert answer.status_code == 303, answer.text
    return cookie_of(answer)


def test_it_is_killed_at_any_moment_and_nothing_is_lost(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as running:
        with client(running.url) as visitor:
            assert visitor.get("/healthz").text == "alive\n"
            assert visitor.get("/readyz").text == "ready\n"
            assert visitor.get("/devices").headers["location"].startswith("/login")
        cookie = first_account(running)
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    (data / "made").touch()
    with serving(data) as running, client(running.url) as visitor:
        # The session of before goes on: who was at work is not thrown out by a restart.
        assert visitor.get("/profile", headers=cookie).status_code == 200
        stop = threading.Event()
        done: list[int] = []

        def work() -> None:
            with client(running.url) as worker:
                while not stop.is_set():
                    try:
                        filled = {"shown": f"Ann {len(done)}", "theme": "dark"}
                        answer = worker.post("/profile", data=filled, headers=cookie)
                    except httpx.HTTPError:
                        return
                    if answer.status_code == 303:
                        done.append(len(done))

        busy = threading.Thread(target=work)
        busy.start()
        while len(done) < 20:
            assert busy.is_alive()
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        stop.set()
        busy.join()
    with serving(data) as running, client(running.url) as visitor:
        page = visitor.get("/profile", headers=cookie).text
        kept = re.search(r'value="Ann (\d+)"', page)
        # What was answered is kept; what was under way when the end came may be kept too.
        assert kept
        assert int(kept[1]) in {done[-1], done[-1] + 1}
        assert visitor.post("/log/verify", headers=cookie).status_code == 303
        text = visitor.get("/log/export", headers=cookie).text
    export = tmp_path / "log.jsonl"
    export.write_text(text, encoding="utf-8")
    verify = [sys.executable, "-m", "frisket.cli", "log", "verify", str(export)]
    found = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert found.stdout.startswith("holds: ")
    export.write_text(text.replace("first-run", "second-run", 1), encoding="utf-8")
    found = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout[:6]) == (1, "BROKEN")


def test_it_ends_well_also_with_a_stream_open(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        cookie = first_account(running)
        with (
            client(running.url) as visitor,
            visitor.stream("GET", "/events", headers=cookie) as stream,
        ):
            lines = stream.iter_lines()
            assert next(lines) == ": alive"
            running.process.send_signal(signal.SIGTERM)
            assert [line for line in lines if line.startswith("event")] == []
        # The server passes the signal on once it has ended, as a shell expects it.
        assert running.process.wait(20) in {0, -signal.SIGTERM}


def test_a_folder_is_served_once_at_a_time(tmp_path: Path) -> None:
    data = tmp_path / "data"
    again = [sys.executable, "-m", "frisket.cli", "serve", "--data", str(data), "--port", "0"]
    with serving(data) as running:
        second = subprocess.run(again, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert "another console serves" in second.stderr
        assert running.process.poll() is None
        running.process.kill()
        running.process.wait()
    with serving(data):
        pass  # what was killed holds nothing


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    with serving(tmp_path / "data"):
        for path in (tmp_path / "data" / "keys").iterdir():
            assert path.stat().st_mode & 0o077 == 0, path
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "TLS only"),
        (["--tls-key", "x"], "go together"),
        (["--origin", "frisket.example"], "no origin"),
        (["--database", "mysql://x/y"], "not supported"),
    ],
)
def test_what_cannot_be_served_is_said(tmp_path: Path, words: list[str], said: str) -> None:
    command = [sys.executable, "-m", "frisket.cli", "serve", "--data", str(tmp_path / "data")]
    run = subprocess.run(
        [*command, "--port", "0", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"FRISKET_DATABASE": ""},
    )
    assert run.returncode == 2
    assert said in run.stderr
