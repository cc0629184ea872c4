"""Acts by two persons through the pages; without a log that can be written nothing changes."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from tests.web import PASSWORD, Client, Web

from frisket.fleet.chain import Act
from frisket.fleet.log import CHECKPOINT_EVERY, LogFault
from frisket.fleet.roles import Role
from frisket.fleet.verifying import ChainBroken, verify
from frisket.store.auditlog import Wanted

ADMIN, SECURITY = Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR


def propose(web: Web, client: Client, name: str = "new", role: str = "operator") -> str:
    """Propose an account; returns the path of the proposal."""
    answer = client.post("/users", data={"name": name, "role": [role], "site": [""]})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def digest_on(client: Client, path: str) -> str:
    found = re.search(r"[0-9a-f]{64}", client.get(path).text)
    assert found
    return found[0]


def test_two_persons_make_an_account(web: Web) -> None:
    ada, sec = web.visitor("ada", ADMIN), web.visitor("sec", SECURITY)
    path = propose(web, ada)
    digest = digest_on(sec, path)
    assert ada.post(f"{path}/approve", data={"digest": digest}).status_code == 409
    assert web.console.services.accounts.by_name("new") is None
    done = sec.post(f"{path}/approve", data={"digest": digest})
    link = re.search(r"https://localhost(/welcome/[\w-]+)", done.text)
    assert link
    assert sec.post(f"{path}/carry-out").status_code == 409
    guest = web.nobody()
    filled = {"password": PASSWORD, "again": PASSWORD}
    assert guest.post(link[1], data=filled).status_code == 303
    assert guest.get("/devices").headers["location"] == "/factor?next=/devices", (
        "a second factor comes first"
    )
    assert web.nobody().post(link[1], data=filled).status_code == 404


def test_one_person_with_both_hats_never_approves_where_there_are_two(web: Web) -> None:
    both, sec = web.visitor("both", ADMIN, SECURITY), web.visitor("sec", SECURITY)
    path = propose(web, both)
    digest = digest_on(sec, path)
    for way in ("approve", "confirm", "carry-out"):
        answer = both.post(f"{path}/{way}", data={"digest": digest})
        assert answer.status_code == 409, way
    assert web.console.services.accounts.by_name("new") is None


def test_an_office_of_one_waits(web: Web) -> None:
    one = web.visitor("one", ADMIN, SECURITY)
    path = propose(web, one)
    digest = digest_on(one, path)
    assert one.post(f"{path}/confirm", data={"digest": digest}).status_code == 303
    assert one.post(f"{path}/carry-out").status_code == 409
    web.clock.pass_(minutes=14)
    one.get("/")
    web.clock.pass_(minutes=1)
    one.post("/confirm", data={"password": PASSWORD})
    assert one.post(f"{path}/carry-out").status_code == 200
    assert web.console.services.accounts.by_name("new") is not None


def test_a_fresh_account_approves_nothing_for_a_day(web: Web) -> None:
    ada, sec = web.visitor("ada", ADMIN), web.visitor("sec", SECURITY)
    path = propose(web, ada, "mallory", "security-administrator")
    sec.post(f"{path}/approve", data={"digest": digest_on(sec, path)})
    mallory = web.visitor("mallory")
    path = propose(web, ada)
    answer = mallory.post(f"{path}/approve", data={"digest": digest_on(mallory, path)})
    assert answer.status_code == 409
    assert "24 hours" in answer.text


def test_nobody_gives_themselves_roles_by_somebody_elses_approval_alone(web: Web) -> None:
    """A security administrator proposes nothing, and the changed person does not carry it out."""
    sec, ada = web.visitor("sec", SECURITY), web.visitor("ada", ADMIN)
    number = web.account("sec").id
    wanted = {"role": ["administrator", "security-administrator"], "site": ["", ""]}
    assert sec.post(f"/users/{number}/roles", data=wanted).status_code == 403
    path = str(ada.post(f"/users/{number}/roles", data=wanted).headers["location"])
    answer = sec.post(f"{path}/approve", data={"digest": digest_on(sec, path)})
    assert answer.status_code == 400
    assert len(web.account("sec").grants) == 1


def stop_log(web: Web) -> None:
    """Let the database refuse every further entry of the log."""
    with web.console.services.database.write() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON log_entry "
                "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            )
        )


def test_without_a_log_nothing_is_changed(web: Web) -> None:
    ada, sec = web.visitor("ada", ADMIN), web.visitor("sec", SECURITY)
    path = propose(web, ada)
    digest, number = digest_on(sec, path), web.account("sec").id
    stop_log(web)
    with pytest.raises(LogFault):
        web.console.services.log.record(Act("x", "x"))
    assert sec.post(f"{path}/approve", data={"digest": digest}).status_code == 503
    assert ada.post(f"/users/{number}/disable").status_code == 503
    assert ada.post("/profile/tokens", data={"name": "x", "scope": "see-fleet"}).status_code == 503
    assert (
        web.nobody().post("/login", data={"name": "ada", "password": PASSWORD}).status_code == 503
    )
    accounts = web.console.services.accounts
    assert accounts.by_name("new") is None
    assert web.account("sec").disabled is None
    # Looking goes on.
    assert ada.get("/devices").status_code == 200
    assert "proposed" in sec.get(path).text


def test_heads_are_signed_on_the_way_and_the_log_is_read_by_page(web: Web) -> None:
    log = web.console.services.log
    for n in range(CHECKPOINT_EVERY + 5):
        log.record(Act("ann", "test", f"thing {n % 3}"))
    assert [point.size for point in log.store.checkpoints()] == [CHECKPOINT_EVERY]
    first = log.store.page(Wanted(about="thing 1", limit=10))
    second = log.store.page(Wanted(about="thing 1", below=first[-1].number, limit=10))
    assert [row.about for row in (*first, *second)] == ["thing 1"] * 20
    assert len({row.number for row in (*first, *second)}) == 20
    assert verify(log.export()).sealed == CHECKPOINT_EVERY + 5


def test_a_row_changed_in_the_database_is_found(web: Web) -> None:
    log = web.console.services.log
    for n in range(5):
        log.record(Act("ann", "test", str(n)))
    with web.console.services.database.write() as connection:
        connection.execute(
            text("UPDATE log_entry SET body = replace(body, 'ann', 'eve') WHERE number = 3")
        )
    with pytest.raises(ChainBroken, match="entry 3"):
        verify(log.export())


def test_strange_text_is_logged_and_exported(web: Web) -> None:
    log = web.console.services.log
    log.record(Act("a\0\ud800" * 100, "x" * 500, "\u2028\n" * 300, details={"k": "\0\ud800"}))
    assert verify(log.export()).size == 1
