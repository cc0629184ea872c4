"""Answers one PDU from a tree (RFC 1157 section 4.1, RFC 3416 section 4.2, RFC 3584 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from frisket.errors import FrisketError, SettingRefused
from frisket.mfd.mib.tree import Tree, View
from frisket.proto.snmp.wire import (
    END_OF_MIB_VIEW,
    NO_SUCH_OBJECT,
    ErrorStatus,
    Kind,
    Marker,
    Oid,
    Pdu,
    VarBind,
    encode_pdu_parts,
    encode_varbind,
    encode_varbinds,
)

MAX_ANSWER: Final = 8192  # octets; RFC 3417 asks for 484 at least
_AROUND: Final = 200  # octets that a message may need around its variables

# What a version 1 manager understands of a version 2 error (RFC 3584 section 4.4).
_V1_STATUS: Final[Mapping[ErrorStatus, ErrorStatus]] = {
    ErrorStatus.WRONG_VALUE: ErrorStatus.BAD_VALUE,
    ErrorStatus.WRONG_ENCODING: ErrorStatus.BAD_VALUE,
    ErrorStatus.WRONG_TYPE: ErrorStatus.BAD_VALUE,
    ErrorStatus.WRONG_LENGTH: ErrorStatus.BAD_VALUE,
    ErrorStatus.INCONSISTENT_VALUE: ErrorStatus.BAD_VALUE,
    ErrorStatus.NO_ACCESS: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.NOT_WRITABLE: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.NO_CREATION: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.INCONSISTENT_NAME: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.AUTHORIZATION_ERROR: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.RESOURCE_UNAVAILABLE: ErrorStatus.GENERAL_ERROR,
    ErrorStatus.COMMIT_FAILED: ErrorStatus.GENERAL_ERROR,
    ErrorStatus.UNDO_FAILED: ErrorStatus.GENERAL_ERROR,
}


def answer(tree: Tree, view: View, pdu: Pdu, *, v1: bool, room: int = MAX_ANSWER) -> bytes | None:
    """Return the encoded RESPONSE to a request; None for a PDU that is none an agent answers.

    `room`: octets that the whole message may have.
    """
    room = min(room, MAX_ANSWER) - _AROUND
    match pdu.kind:
        case Kind.GET:
            return _get(tree, view, pdu, room, v1=v1)
        case Kind.GET_NEXT:
            return _get_next(tree, view, pdu, room, v1=v1)
        case Kind.GET_BULK if not v1:
            return _get_bulk(tree, view, pdu, room)
        case Kind.SET:
            return _set(tree, view, pdu, v1=v1)
        case _:
            return None


def failed(pdu: Pdu, status: ErrorStatus, index: int, *, v1: bool) -> bytes:
    """Return a RESPONSE that refuses, with the request's variables as they came."""
    if v1:
        status = _V1_STATUS.get(status, status)
    variables = b"" if status is ErrorStatus.TOO_BIG else encode_varbinds(pdu.varbinds)
    return encode_pdu_parts(
        Kind.RESPONSE, pdu.request_id, variables, error_status=status, error_index=index
    )


def _finish(pdu: Pdu, parts: Sequence[bytes], room: int, *, v1: bool) -> bytes:
    variables = b"".join(parts)
    if len(variables) > room:
        return failed(pdu, ErrorStatus.TOO_BIG, 0, v1=v1)
    return encode_pdu_parts(Kind.RESPONSE, pdu.request_id, variables)


def _get(tree: Tree, view: View, pdu: Pdu, room: int, *, v1: bool) -> bytes:
    parts: list[bytes] = []
    for number, (oid, _) in enumerate(pdu.varbinds, 1):
        found = tree.get(oid, view)
        if isinstance(found, Marker):
            if v1:
                return failed(pdu, ErrorStatus.NO_SUCH_NAME, number, v1=True)
            found = encode_varbind(oid, found)
        parts.append(found)
    return _finish(pdu, parts, room, v1=v1)


def _get_next(tree: Tree, view: View, pdu: Pdu, room: int, *, v1: bool) -> bytes:
    parts: list[bytes] = []
    for number, (oid, _) in enumerate(pdu.varbinds, 1):
        found = tree.after(oid, view)
        if found is not None:
            parts.append(found[1])
        elif v1:
            return failed(pdu, ErrorStatus.NO_SUCH_NAME, number, v1=True)
        else:
            parts.append(encode_varbind(oid, END_OF_MIB_VIEW))
    return _finish(pdu, parts, room, v1=v1)


def _get_bulk(tree: Tree, view: View, pdu: Pdu, room: int) -> bytes:
    """Answer as many repetitions as there is room for (RFC 3416 section 4.2.3)."""
    once = pdu.varbinds[: pdu.non_repeaters]
    parts: list[bytes] = []
    for oid, _ in once:
        found = tree.after(oid, view)
        parts.append(found[1] if found else encode_varbind(oid, END_OF_MIB_VIEW))
    if sum(map(len, parts)) > room:
        return failed(pdu, ErrorStatus.TOO_BIG, 0, v1=False)
    left = room - sum(map(len, parts))
    asked = pdu.varbinds[len(once) :]
    if len(asked) == 1:
        parts += tree.run(asked[0][0], view, pdu.max_repetitions, left)
        return encode_pdu_parts(Kind.RESPONSE, pdu.request_id, b"".join(parts))
    columns = [_Column(tree, view, oid) for oid, _ in asked]
    for _ in range(pdu.max_repetitions if columns else 0):
        for column in columns:
            part = column.step()
            left -= len(part)
            if left < 0:
                return encode_pdu_parts(Kind.RESPONSE, pdu.request_id, b"".join(parts))
            parts.append(part)
        if all(column.at is None for column in columns):
            break
    return encode_pdu_parts(Kind.RESPONSE, pdu.request_id, b"".join(parts))


class _Column:
    """One repeating variable of a GET_BULK: where it has come to; None at the end."""

    __slots__ = ("_last", "_tree", "_view", "at")

    def __init__(self, tree: Tree, view: View, oid: Oid) -> None:
        self._tree = tree
        self._view = view
        self._last = oid
        self.at: int | None = tree.position_after(oid)

    def step(self) -> bytes:
        """Return the next variable, encoded."""
        found = None if self.at is None else self._tree.from_position(self.at, self._view)
        if found is None:
            self.at = None
            return encode_varbind(self._last, END_OF_MIB_VIEW)
        self._last = self._tree.oids[found[0]]
        self.at = found[0] + 1
        return found[1]


def _set(tree: Tree, view: View, pdu: Pdu, *, v1: bool) -> bytes:
    """Write every variable or none: all are checked first, and undone if the disk fails."""
    for number, varbind in enumerate(pdu.varbinds, 1):
        status = _check(tree, view, varbind)
        if status is not ErrorStatus.NO_ERROR:
            return failed(pdu, status, number, v1=v1)
    undo: list[Callable[[], None]] = []
    for number, (oid, value) in enumerate(pdu.varbinds, 1):
        try:
            undo.append(tree.writes[oid].do(view, value))
        except FrisketError as fault:
            view.memory.last_refusal = str(fault)
            status = _take_back(undo)
            if status is ErrorStatus.COMMIT_FAILED and isinstance(fault, SettingRefused):
                status = ErrorStatus.INCONSISTENT_VALUE
            return failed(pdu, status, number, v1=v1)
    return encode_pdu_parts(Kind.RESPONSE, pdu.request_id, encode_varbinds(pdu.varbinds))


def _take_back(undo: Sequence[Callable[[], None]]) -> ErrorStatus:
    try:
        for step in reversed(undo):
            step()
    except FrisketError:
        return ErrorStatus.UNDO_FAILED
    return ErrorStatus.COMMIT_FAILED


def _check(tree: Tree, view: View, varbind: VarBind) -> ErrorStatus:
    oid, value = varbind
    if not view.rights.may_write:
        return ErrorStatus.AUTHORIZATION_ERROR
    write = tree.writes.get(oid)
    if write is not None:
        return write.check(view, value)
    if tree.get(oid, view) is NO_SUCH_OBJECT:
        return ErrorStatus.NO_CREATION
    return ErrorStatus.NOT_WRITABLE
