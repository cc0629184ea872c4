"""Hash trees of logs (RFC 6962 section 2.1): roots, and proofs that a log only grew. Pure.

A leaf is hashed behind an octet 0, two nodes behind an octet 1, with SHA-256. A proof that a log
grew is a list of hashes, at most two for each doubling of its size (RFC 9162 section 2.1.4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()
MOST_PROOF: Final = 128
_WIDTH: Final = 64  # leaves under the lowest node that is kept
_STEP: Final = 64 * _WIDTH
_HASH: Final = 32


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def is_consistent(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether a log with `new_root` begins with the whole log that had `old_root`."""
    if old_size > new_size or old_size < 0 or len(proof) > MOST_PROOF:
        return False
    if old_size == new_size:
        return old_root == new_root and not proof
    if old_size == 0:
        return old_root == EMPTY and not proof
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    old, new = old_size - 1, new_size - 1
    while old & 1:
        old, new = old >> 1, new >> 1
    was = now = path[0]
    for one in path[1:]:
        if new == 0:
            return False
        if old & 1 or old == new:
            was, now = node_hash(one, was), node_hash(one, now)
            while old and not old & 1:
                old, new = old >> 1, new >> 1
        else:
            now = node_hash(now, one)
        old, new = old >> 1, new >> 1
    return new == 0 and was == old_root and now == new_root


@dataclass(slots=True)
class Tree:
    """A log's tree that grows. `read(a, b)` returns the leaf hashes of numbers a to b, b excluded.

    Kept is one hash for every 64 leaves and those above: an octet for each leaf.
    """

    read: Callable[[int, int], Sequence[bytes]]
    _levels: list[bytearray] = field(default_factory=lambda: [bytearray()])

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves."""
        self._grow(size)
        return self._hash(0, size) if size else EMPTY

    def proof(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the log of `new` leaves begins with that of `old`."""
        if not 0 < old < new:
            return []
        self._grow(new)
        found: list[bytes] = []
        start, end, whole = 0, new, True
        while old != end - start:
            left = _split(end - start)
            if old <= left:
                found.append(self._hash(start + left, end))
                end = start + left
            else:
                found.append(self._hash(start, start + left))
                start, old, whole = start + left, old - left, False
        return [*([] if whole else [self._hash(start, end)]), *reversed(found)]

    def _grow(self, size: int) -> None:
        """Keep the nodes over every 64 leaves up to `size`, and those above them."""
        known = len(self._levels[0]) // _HASH * _WIDTH
        whole = size // _WIDTH * _WIDTH
        while known < whole:
            upto = min(known + _STEP, whole)
            leaves = self.read(known, upto)
            for at in range(0, upto - known, _WIDTH):
                self._add(_over(leaves[at : at + _WIDTH]))
            known = upto

    def _add(self, node: bytes) -> None:
        for level in self._levels:
            level.extend(node)
            if len(level) // _HASH % 2:
                return
            node = node_hash(bytes(level[-2 * _HASH : -_HASH]), bytes(level[-_HASH:]))
        self._levels.append(bytearray(node))

    def _hash(self, start: int, end: int) -> bytes:
        """Return the hash over leaves `start` to `end`, a part as the tree is split."""
        count = end - start
        if count < _WIDTH:
            return _over(self.read(start, end))
        if count & (count - 1) == 0:
            level = (count // _WIDTH).bit_length() - 1
            at = start // count * _HASH
            return bytes(self._levels[level][at : at + _HASH])
        left = _split(count)
        return node_hash(self._hash(start, start + left), self._hash(start + left, end))


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _over(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    left = _split(len(leaves))
    return node_hash(_over(leaves[:left]), _over(leaves[left:]))
