"""The job port on DBOS Transact (its MIT part). The only module that knows it.

DBOS keeps one engine per process. Values are kept as JSON: its own way, pickle, would let whoever
can write to the database run code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from dbos._error import DBOSException
from dbos._serialization import Serializer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from frisket.errors import FrisketError
from frisket.jobs.connection import job_engine
from frisket.jobs.port import (
    Again,
    Done,
    Flow,
    FlowFailed,
    FlowInfo,
    FlowState,
    JobFault,
    Json,
    Queue,
    never,
)

# One constant version: flows begun before an upgrade go on after it (`Steps.changed` tells).
VERSION: Final = "frisket"
_WAITED: Final = 0.5  # seconds between looks into a queue
_LOOKED_AT: Final = 200  # flows under way that `stuck` judges
_STATES: Final = {
    "ENQUEUED": FlowState.WAITING,
    "DELAYED": FlowState.WAITING,
    "PENDING": FlowState.RUNNING,
    "SUCCESS": FlowState.DONE,
    "ERROR": FlowState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": FlowState.FAILED,
    "CANCELLED": FlowState.CANCELLED,
}


class JsonValues(Serializer):
    """Keeps values as JSON text, and errors by name and message."""

    def serialize(self, data: Any) -> str:
        """Return the value as text. Raises `TypeError` for what JSON cannot say."""
        return json.dumps(data, default=_encoded, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        """Return the value of a text."""
        return json.loads(serialized_data, object_hook=_decoded)

    def name(self) -> str:
        """Return what the engine writes beside each value."""
        return "frisket_json"


def _encoded(value: object) -> Json:
    if isinstance(value, BaseException):
        return {"__error__": f"{type(value).__name__}: {value}"[:2000]}
    if isinstance(value, datetime):
        return {"__time__": value.isoformat()}
    raise TypeError(f"a flow cannot keep a {type(value).__name__}")


def _decoded(value: dict[str, Any]) -> Any:
    if set(value) == {"__error__"}:
        return FlowFailed(str(value["__error__"]))
    if set(value) == {"__time__"}:
        return datetime.fromisoformat(str(value["__time__"]))
    return value


@dataclass(frozen=True, slots=True)
class _Steps:
    """A running flow's steps; DBOS knows by the thread which flow it is."""

    jobs: DbosJobs

    @property
    def id(self) -> str:
        """Return the flow's own id."""
        return DBOS.workflow_id or ""

    def step(self, name: str, action: Callable[..., Json], *given: Json, attempts: int = 1) -> Json:
        """Run an action once and keep what it returns."""
        options: Any = {"name": name, "retries_allowed": attempts > 1, "max_attempts": attempts}
        return DBOS.run_step(options, self._patient, action, *given)

    def _patient(self, action: Callable[..., Json], *given: Json) -> Json:
        for tries in count(1):
            try:
                return action(*given)
            except FrisketError as fault:
                if not self.jobs.again(fault, tries):
                    raise
        raise AssertionError

    def child(self, flow: str, child_id: str, *given: Json, key: str = "") -> None:
        """Start a flow that belongs to this one."""
        self.jobs.start(flow, child_id, *given, key=key)

    def wait(self, child_id: str) -> Json:
        """Return what another flow returned."""
        return self.jobs.result(child_id)

    def sleep(self, seconds: float) -> None:
        """Wait, also across a restart."""
        DBOS.sleep(seconds)

    def changed(self, name: str) -> bool:
        """Say whether this run began after the code change `name`."""
        return bool(DBOS.patch(name))


@dataclass(slots=True)
class DbosJobs:
    """The engine of this process. Made by `open_jobs`."""

    flows: Mapping[str, Flow]
    queues: Mapping[str, Queue]
    again: Again
    _engine: Engine
    _registered: dict[str, Callable[..., Json]] = field(default_factory=dict)

    def start(
        self, flow: str, flow_id: str, *given: Json, key: str = "", delay: float = 0.0
    ) -> None:
        """Start a flow; the same id twice is one flow. Raises `JobFault`."""
        if flow not in self.flows:
            raise JobFault(f"there is no flow {flow}")
        queue = self.queues[self.flows[flow].queue]
        if queue.one_per_key != bool(key):
            raise JobFault(f"queue {queue.name} {'needs' if queue.one_per_key else 'has no'} key")
        options = SetEnqueueOptions(queue_partition_key=key or None, delay_seconds=delay or None)
        try:
            with SetWorkflowID(flow_id), options:
                DBOS.enqueue_workflow(queue.name, self._registered[flow], *given)
        except (DBOSException, SQLAlchemyError, TypeError) as fault:
            raise JobFault(f"{flow_id} could not be started: {_line(fault)}") from fault

    def cancel(self, flow_id: str) -> None:
        """Stop a flow and its children before their next step."""
        DBOS.cancel_workflow(flow_id, cancel_children=True)

    def info(self, flow_id: str) -> FlowInfo:
        """Return how a flow stands."""
        status = DBOS.get_workflow_status(flow_id)
        return _info(status) if status else FlowInfo(flow_id, "", FlowState.ABSENT)

    def steps(self, flow_id: str) -> Sequence[Done]:
        """Return the steps of a flow that have ended, in order. Raises `JobFault`."""
        try:
            found = DBOS.list_workflow_steps(flow_id)
        except (DBOSException, SQLAlchemyError) as fault:
            raise JobFault(f"the steps cannot be listed: {_line(fault)}") from fault
        ended = (one for one in found if one.get("error") is None)
        return [Done(str(one["function_name"]), one.get("output")) for one in ended]

    def result(self, flow_id: str) -> Json:
        """Wait for a flow and return what it returned. Raises `FlowFailed`."""
        try:
            return DBOS.get_result(flow_id)
        except FlowFailed:
            raise
        except DBOSException as fault:
            raise FlowFailed(_line(fault)) from fault

    def listed(self, *, prefix: str = "", limit: int = 100) -> Sequence[FlowInfo]:
        """Return the newest flows whose id begins with `prefix`."""
        try:
            found = DBOS.list_workflows(
                workflow_id_prefix=prefix or None,
                limit=limit,
                sort_desc=True,
                load_input=False,
                load_output=False,
            )
        except (DBOSException, SQLAlchemyError) as fault:
            raise JobFault(f"the flows cannot be listed: {_line(fault)}") from fault
        return [_info(status) for status in found]

    def stuck(self, before: float) -> Sequence[FlowInfo]:
        """Return flows under way of which no step ended since `before` (seconds since 1970)."""
        try:
            found = DBOS.list_workflows(
                status="PENDING", limit=_LOOKED_AT, load_input=False, load_output=False
            )
            return [_info(one) for one in found if _moved(one) < before]
        except (DBOSException, SQLAlchemyError) as fault:
            raise JobFault(f"the flows cannot be listed: {_line(fault)}") from fault

    def recover(self, executor: str) -> int:
        """Re-queue what a dead process was doing; return how many flows.

        Raises `JobFault` where that was not possible for all: then it is still to be done.
        """
        try:
            # Private, and the only call that keeps the queue and with it the device's lock;
            # tests/unit/jobs/test_recovery.py holds it to that.
            found = DBOS._recover_pending_workflows([executor])  # noqa: SLF001
            # It logs what it could not re-queue, and goes on.
            left = DBOS.list_workflows(
                executor_id=executor, status="PENDING", limit=1, load_input=False, load_output=False
            )
        except (DBOSException, SQLAlchemyError) as fault:
            raise JobFault(f"the work of {executor} is not taken over: {_line(fault)}") from fault
        if left:
            raise JobFault(f"not all work of {executor} is taken over")
        return len(found)

    def close(self) -> None:
        """Stop taking work."""
        DBOS.destroy(destroy_registry=True)
        self._engine.dispose()

    def register(self) -> None:
        """Give every flow to the engine, under its own name."""
        for flow in self.flows.values():
            self._registered[flow.name] = DBOS.workflow(name=flow.name)(self._body(flow))

    def _body(self, flow: Flow) -> Callable[..., Json]:
        def run(*given: Json) -> Json:
            return flow.body(_Steps(self), *given)

        run.__qualname__ = run.__name__ = f"flow_{flow.name}"
        return run


def _line(fault: BaseException) -> str:
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0][:300]


def _info(status: Any) -> FlowInfo:
    error = status.error
    return FlowInfo(
        id=status.workflow_id,
        flow=str(status.name),
        state=_STATES.get(status.status, FlowState.RUNNING),
        made=(status.created_at or 0) / 1000,
        changed=(status.updated_at or 0) / 1000,
        executor=status.executor_id or "",
        error=_line(error) if isinstance(error, BaseException) else "",
    )


def _moved(status: Any) -> float:
    """Return when something of a flow began or ended last, seconds since 1970."""
    steps = DBOS.list_workflow_steps(status.workflow_id, load_output=False)
    ended = (step.get("completed_at_epoch_ms") or 0 for step in steps)
    return max(status.updated_at or 0, *ended, 0) / 1000


def open_jobs(
    url: str,
    flows: Iterable[Flow],
    queues: Iterable[Queue],
    *,
    executor: str = "local",
    works: bool = True,
    again: Again = never,
) -> DbosJobs:
    """Open this process's engine on a SQLite file of its own, or schema `dbos` of PostgreSQL.

    `executor` names this process: a fixed name takes up its own work again at the next start.
    With `works` False flows are only started here, and done by others. `again` is asked about what
    a step raised, may wait, and says whether the step is to be run again. Raises `JobFault`.
    """
    logging.getLogger("dbos").setLevel(logging.ERROR)
    try:
        engine = job_engine(url)
    except SQLAlchemyError as fault:
        raise JobFault(f"the job engine does not start: {_line(fault)}") from fault
    jobs = DbosJobs({f.name: f for f in flows}, {q.name: q for q in queues}, again, engine)
    config: DBOSConfig = {
        "name": "frisket",
        "system_database_url": url,
        "system_database_engine": engine,
        "application_version": VERSION,
        "executor_id": executor,
        "serializer": JsonValues(),
        "log_level": "ERROR",
        "scheduler_polling_interval_sec": 600.0,  # `jobs.minutes` starts what is due
    }
    try:
        DBOS(config=config)
        jobs.register()
        if not works:
            DBOS.listen_queues([])
        DBOS.launch()
        for queue in jobs.queues.values():
            DBOS.register_queue(
                queue.name,
                worker_concurrency=queue.parallel,
                partition_concurrency=1 if queue.one_per_key else None,
                polling_interval_sec=_WAITED,
                on_conflict="always_update",
            )
    except (DBOSException, SQLAlchemyError, FrisketError) as fault:
        jobs.close()
        raise JobFault(f"the job engine does not start: {_line(fault)}") from fault
    return jobs
