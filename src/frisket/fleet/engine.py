"""Opens the fleet's work in this process: the crew, the job engine, and signs of life."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final

from frisket.audit.load import Content, load_content
from frisket.fleet.crew import Crew
from frisket.fleet.equipped import Equipment
from frisket.fleet.flows import QUEUES, all_flows
from frisket.fleet.keys import open_keys
from frisket.fleet.log import AuditLog
from frisket.fleet.patience import Patience
from frisket.fleet.unbegun import Unbegun, jump_told
from frisket.jobs.alone import alone
from frisket.jobs.dbos_engine import DbosJobs, open_jobs
from frisket.jobs.liveness import Liveness
from frisket.jobs.minutes import Every, Minutes
from frisket.jobs.port import Jobs
from frisket.store.database import Database
from frisket.store.work import Work

_SHARE: Final = "stop it, or give another --data; several processes share a PostgreSQL"
EVERY: Final = (Every("tick"), Every("alerts"), Every("tidy", minute=17))


@dataclass(frozen=True, slots=True)
class Engine:
    """The job engine of this process; closed with it."""

    jobs: Jobs
    crew: Crew
    executor: str
    _liveness: Liveness | None
    _work: Work
    _patience: Patience
    _minutes: Minutes | None
    _held: ExitStack

    def close(self) -> None:
        """Take no more work. What runs is cut at its step and goes on elsewhere, or later."""
        with self._held:
            if self._minutes is not None:
                self._minutes.close()
            if self._liveness is not None:
                self._liveness.close()
            self._patience.stop.set()
            self.jobs.close()
            if self._liveness is not None:
                self._work.forget(self.executor)


def open_engine(
    folder: Path,
    database: Database,
    now: Callable[[], datetime],
    told: Callable[[str, dict[str, Any]], None],
    *,
    works: bool = True,
    content: Content | None = None,
    log: AuditLog | None = None,
    catalogues: Mapping[str, NullTranslations] | None = None,
) -> Engine:
    """Open the engine of a data folder, or of its PostgreSQL. Raises `JobFault`, `StoreFault`.

    With SQLite there is one process, whose name never changes: it takes up its own work again.
    A second one is refused: `UsageError`.
    With PostgreSQL each process has a name of its own, and the living take over from the dead.
    """
    work = Work(database)
    if database.is_sqlite:
        url, executor = f"sqlite:///{folder / 'jobs.db'}", "local"
    else:
        url = database.engine.url.render_as_string(hide_password=False)
        executor = f"{platform.node()}-{os.getpid()}-{int(now().timestamp())}"
    equipment = Equipment(database, open_keys(folder, os.environ), now)
    crew = Crew(
        database,
        content or load_content(),
        now,
        told,
        equipment=equipment,
        log=log,
        executor=executor,
        catalogues=catalogues or {},
    )
    equipment.ready()
    patience = Patience(database)
    flows = all_flows(crew)
    with ExitStack() as held:
        if works and database.is_sqlite:
            # Two would share one name in the job engine and one holder of every lease: both would
            # write to the same device.
            held.enter_context(alone(folder, f"another console serves {folder}", _SHARE))
        jobs = open_jobs(url, flows, QUEUES, executor=executor, works=works, again=patience.again)
        liveness, minutes = None, None
        if works:
            if not database.is_sqlite:
                liveness = _living(executor, work, jobs, told)
            minutes = _minutes(crew, jobs, log, told)
        return Engine(jobs, crew, executor, liveness, work, patience, minutes, held.pop_all())


def _living(
    executor: str, work: Work, jobs: DbosJobs, told: Callable[[str, dict[str, Any]], None]
) -> Liveness:
    liveness = Liveness(executor, work, jobs.recover, lambda text: told("worker", {"said": text}))
    liveness.start()
    return liveness


def _minutes(
    crew: Crew,
    jobs: DbosJobs,
    log: AuditLog | None,
    told: Callable[[str, dict[str, Any]], None],
) -> Minutes:
    """Start what is due from now on, and what was decided and not begun."""
    unbegun, where = Unbegun(crew, jobs, log), platform.node()

    def said(text: str) -> None:
        told("worker", {"said": text})

    def also() -> None:
        unbegun.begin()
        unbegun.stuck(crew.now())

    minutes = Minutes(
        jobs, EVERY, crew.now, also, lambda jump: jump_told(log, where, said, jump), said
    )
    minutes.start()
    return minutes
