"""What becomes of a job under each setting."""

from __future__ import annotations

import pytest

from frisket.mfd.ticket import Action, Rules, Ticket, decide

ANA = Ticket(via="ipp", user="ana", authenticated=True)
STRANGER = Ticket(via="lpd", user="eve")
SECURE = Ticket(via="lpd", user="eve", pin="1234")
ENCRYPTED = Ticket(via="lpd", user="eve", pin="1234", encrypted=True)


@pytest.mark.parametrize(
    ("ticket", "rules", "action"),
    [
        (STRANGER, Rules(), Action.PRINT),
        (STRANGER, Rules(restrict_remote=True), Action.CANCEL),
        (ANA, Rules(restrict_remote=True), Action.PRINT),
        (STRANGER, Rules(known_users_only=True), Action.CANCEL),
        (ANA, Rules(known_users_only=True), Action.PRINT),
        (ANA, Rules(forced_hold=True), Action.HOLD),
        (STRANGER, Rules(forced_hold=True, known_users_only=True), Action.CANCEL),
        (SECURE, Rules(), Action.HOLD),
        (SECURE, Rules(secured_only=True), Action.HOLD),
        (SECURE, Rules(secure_print=False), Action.CANCEL),
        (STRANGER, Rules(secured_only=True), Action.CANCEL),
        (ENCRYPTED, Rules(), Action.HOLD),
        (ENCRYPTED, Rules(secured_only=True), Action.CANCEL),
        (Ticket(via="lpd", encrypted=True), Rules(), Action.CANCEL),
        (Ticket(via="lpd", pin="12345678"), Rules(), Action.CANCEL),
        (Ticket(via="lpd", pin="12a"), Rules(), Action.CANCEL),
        (Ticket(via="lpd", box=7), Rules(forced_hold=True), Action.STORE),
        (Ticket(via="lpd", box=7), Rules(restrict_remote=True), Action.CANCEL),
        (Ticket(via="ipp", hold=True), Rules(), Action.HOLD),
    ],
)
def test_decide(ticket: Ticket, rules: Rules, action: Action) -> None:
    decision = decide(ticket, rules, lambda user: user == "ana")
    assert decision.action is action
    assert bool(decision.reason) is (action is not Action.PRINT)
