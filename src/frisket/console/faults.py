"""What goes wrong in a way that a visitor is told: each with its HTTP status."""

from __future__ import annotations

from frisket.console.auth.sealed import KeyFault
from frisket.errors import ContentError, FrisketError, UsageError
from frisket.fleet.approval import NotAllowed
from frisket.fleet.changing import NoSuchChange
from frisket.fleet.inventory import NoMark
from frisket.fleet.log import LogFault
from frisket.fleet.proposals import NoSuchProposal
from frisket.fleet.rollout import NotNow
from frisket.store.accounts import NameTaken
from frisket.store.database import StoreConflict, StoreFault


class Fault(FrisketError):
    """The request cannot be answered as asked."""

    status = 400
    title = "That does not work"


class LoginNeeded(Fault):
    """Log in first."""

    status = 401
    title = "Log in first"


class Forbidden(Fault):
    """Your roles do not allow this."""

    status = 403
    title = "Not allowed"


class NotFound(Fault):
    """There is nothing here."""

    status = 404
    title = "Nothing here"


class Stale(Fault):
    """Somebody else changed this meanwhile."""

    status = 409
    title = "Changed meanwhile"


class TooMany(Fault):
    """Too many requests; wait a little."""

    status = 429
    title = "Wait a little"
    first = False  # whether it is the first one of its kind for a while, which is logged


class ProofNeeded(Fault):
    """Show once more who you are."""

    status = 401
    title = "Show once more who you are"


class FactorNeeded(Fault):
    """A password alone does not do here; add a passkey or an authenticator."""

    status = 403
    title = "A second factor is needed"


# Other exceptions that say what is wrong, the more special first.
STATUS: tuple[tuple[type[FrisketError], int, str], ...] = (
    (LogFault, 503, "The audit log cannot be written"),
    (StoreConflict, 409, "There is one already"),
    (StoreFault, 503, "The database does not answer"),
    (KeyFault, 503, "A key is missing"),
    (NotAllowed, 409, "That is not allowed"),
    (NotNow, 409, "That is not possible now"),
    (NoSuchProposal, 404, "Nothing here"),
    (NoSuchChange, 404, "Nothing here"),
    (NameTaken, 409, "This name is taken"),
    (NoMark, 422, "That is no device"),
    (UsageError, 400, "That does not work"),
    (ContentError, 400, "That file is malformed"),
)


def told(fault: FrisketError) -> tuple[int, str] | None:
    """Return status and title of a fault that visitors are told, None for a bug."""
    if isinstance(fault, Fault):
        return fault.status, fault.title
    return next(
        ((status, title) for kind, status, title in STATUS if isinstance(fault, kind)), None
    )
