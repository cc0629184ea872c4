"""Options that several verbs share, with their help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from frisket.probe.base import Options


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Visiting:
    """How devices are visited.

    Parameters
    ----------
    parallel
        Devices visited at the same time.
    pace
        Packets a second to one device; 0 lifts the limit. Virtual devices are not paced.
    patience
        Seconds to wait for an answer.
    anonymous_ftp
        Allow one anonymous FTP login.
    state_dir
        The lab's state folder, for the target `lab`.
    quiet
        No progress and no notices.
    """

    parallel: int = 100
    pace: float = 10.0
    patience: float = 5.0
    anonymous_ftp: bool = False
    state_dir: Path | None = None
    quiet: Annotated[bool, Parameter(alias="-q")] = False

    @property
    def options(self) -> Options:
        """Return what probes are told."""
        return Options(anonymous_ftp=self.anonymous_ftp, patience=self.patience)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Words:
    """What people said beforehand.

    Parameters
    ----------
    attest
        Answers that only a person can give (TOML; see `frisket attest`).
    waive
        Accepted exceptions with owner, reason and expiry (TOML).
    """

    attest: tuple[Path, ...] = ()
    waive: tuple[Path, ...] = ()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Drawing:
    """Where the report goes.

    Parameters
    ----------
    format
        table, json, jsonl, csv, html, sarif, cklb or junit.
    output
        Write to this file too; the suffix names the format. May be given several times.
    verbose
        Show what passed too, with fixes, menus and maps.
    """

    format: Annotated[str | None, Parameter(alias="-f")] = None
    output: Annotated[tuple[Path, ...], Parameter(alias="-o")] = ()
    verbose: Annotated[bool, Parameter(alias="-v")] = False
