"""Options that several verbs share, with their help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from frisket.drivers.waves import Waves
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
    inventory
        The file of groups, for group:NAME. Without it: $FRISKET_INVENTORY, or inventory.toml in
        the state folder.
    state_dir
        The lab's state folder, for the target `lab`.
    quiet
        No progress and no notices.
    """

    parallel: Annotated[int, Parameter(validator=Number(gte=1, lte=1000))] = 100
    pace: Annotated[float, Parameter(validator=Number(gte=0))] = 10.0
    patience: Annotated[float, Parameter(validator=Number(gt=0, lte=60))] = 5.0
    anonymous_ftp: bool = False
    inventory: Path | None = None
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
    baseline_file
        Judge by the baseline in this file (TOML; the console exports them), not by --baseline.
    """

    attest: tuple[Path, ...] = ()
    waive: tuple[Path, ...] = ()
    baseline_file: Path | None = None


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


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Accepting:
    """What a person takes upon themselves, typed device by device.

    Parameters
    ----------
    accept_no_channel
        Address of a device that may be left without any way to manage it from afar.
    accept_no_print_path
        Address of a device that may be left without any way to print on it.
    """

    accept_no_channel: tuple[str, ...] = ()
    accept_no_print_path: tuple[str, ...] = ()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Spreading:
    """How a run spreads over many devices.

    Parameters
    ----------
    canary
        This many devices first; where one of them fails, nothing else is touched.
    batch
        Then this many at a time; 0 takes all the rest.
    max_failures
        Stop when this many devices have failed; 0 never stops.
    """

    canary: int = 1
    batch: int = 0
    max_failures: int = 3

    def waves(self, parallel: int) -> Waves:
        """Return the waves of a run with `parallel` devices at a time."""
        return Waves(self.canary, self.batch, self.max_failures, parallel)
