"""docs/reference/security.md against the sources: algorithms, limits, programs, libraries."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.project.tree import ROOT, SRC, parsed, shown, sources

from frisket.console import pace
from frisket.console.auth import passwords
from frisket.console.settings import Settings
from frisket.fleet import evidence

DOCUMENT = (ROOT / "docs" / "reference" / "security.md").read_text(encoding="utf-8")
ALGORITHMS = DOCUMENT.partition("## Algorithms")[2].partition("## Keys")[0]
# The server's own parts. Probes, drivers and the virtual device speak what devices speak.
OWN = ("console", "fleet", "store", "telemetry", "jobs", "report")
OF_SERVER = [path for path in sources() if path.relative_to(SRC).parts[0] in OWN]
# How a use of cryptography looks in the sources, and what the table calls it.
USES = {
    r"hashlib\.sha256|hashes\.SHA256": "SHA-256",
    r"\bAESGCM\(": "AES-256-GCM",
    r"Ed25519PrivateKey": "Ed25519",
    r"X25519PrivateKey": "X25519",
    r"\bHKDF\(": "HKDF-SHA-256",
    r"hmac\.(new|digest)\(": "HMAC-SHA-256",
    r"SECP256R1": "ECDSA P-256",
    r"PasswordHasher": "argon2id",
    r"pyotp\.": "HMAC-SHA-1",
    r"webauthn\.": "passkeys",
}
WEAK = re.compile(
    r"hashlib\.(md5|sha1|new)\b|hashes\.(MD5|SHA1)\b|modes\.(ECB|CBC)\b|TripleDES|ARC4|"
    r"algorithms\.(DES|Blowfish)|PKCS1v15|uuid1\("
)


def calls(path: Path) -> set[str]:
    """Return the modules that a source imports."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("pattern", USES)
def test_every_algorithm_in_use_is_in_the_table(pattern: str) -> None:
    used = [path for path in OF_SERVER if re.search(pattern, path.read_text(encoding="utf-8"))]
    assert used, "nothing uses it any more: take it out of the table"
    assert USES[pattern] in ALGORITHMS


def test_every_place_of_cryptography_is_in_the_table() -> None:
    """Modules that import primitives, by folder or by name."""
    places = [
        path
        for path in OF_SERVER
        if any("cryptography.hazmat.primitives.c" in name for name in calls(path))
        or "Ed25519PrivateKey.generate" in path.read_text(encoding="utf-8")
    ]
    assert len(places) >= 2
    for path in places:
        name = str(path.relative_to(SRC))
        folder = name.rpartition("/")[0]
        assert name in ALGORITHMS or folder in ALGORITHMS or "collector" in name, name


def test_nothing_weak_protects_what_is_ours() -> None:
    for path in OF_SERVER:
        # The list of leaked passwords is given away as SHA-1: that looks up and protects nothing.
        lookup = path.name == "breached.py"
        assert lookup or not WEAK.search(path.read_text(encoding="utf-8")), shown(path)


def test_what_must_not_be_guessed_is_made_by_the_system() -> None:
    """`random` spreads the collector's polls over time; a report's number is no secret."""
    allowed = {"schedule.py", "backoff.py", "cklb.py"}
    for path in OF_SERVER:
        assert not {"random", "uuid"} & calls(path) or path.name in allowed, shown(path)


def test_the_server_starts_no_programs_and_runs_no_texts() -> None:
    for path in OF_SERVER:
        assert not {"subprocess", "pty", "pickle", "marshal", "shelve"} & calls(path), shown(path)
        for node in ast.walk(parsed(path)):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            forbidden = {"eval", "exec", "compile", "os.system", "os.popen", "yaml.load"}
            assert name not in forbidden, shown(path)


def test_no_database_question_is_made_of_text() -> None:
    """`text()` of SQLAlchemy takes constants; values are parameters."""
    for path in OF_SERVER:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "text",
                "sqlalchemy.text",
                "literal_column",
            }:
                made = node.args[0] if node.args else None
                assert not isinstance(made, ast.JoinedStr | ast.BinOp), shown(path)


def test_the_limits_are_those_of_the_code() -> None:
    plain = Settings()
    for said in (
        f"{plain.idle.seconds // 60} minutes / {plain.longest.seconds // 3600} hours",
        f"sessions of an account | {plain.sessions_most} |",
        f"proof for dangerous acts | {plain.proof.seconds // 60} minutes |",
        f"tokens | {plain.token_most.days} days |",
        f"{pace._SECOND:.0f} a second, {pace._STORE:.0f} at once saved up",
        f"{pace._AT_ONCE} at the same time",
        f"a body | {plain.body_most >> 20} MiB",
        f"{evidence.MOST} files of {evidence.LARGEST >> 20} MiB",
    ):
        assert said in DOCUMENT, said
    for ending in evidence.TAKEN:
        assert ending in DOCUMENT, ending
    assert passwords.SHORTEST == 15
    assert passwords.LONGEST >= 64


def test_words_of_the_place_are_on_the_list() -> None:
    words = passwords.known_words()
    assert {"frisket", "printer"} <= words


def test_every_library_is_pinned_by_hash_and_listed() -> None:
    told = subprocess.run([ROOT / "script" / "sbom"], check=True, capture_output=True, text=True)
    parts = json.loads(told.stdout)["components"]
    names = {part["name"] for part in parts}
    assert {"fastapi", "cryptography", "sqlalchemy", "htmx.org", "echarts", "@tabler/core"} <= names
    assert all(part["hashes"] for part in parts)
    pinned = re.findall(
        r"^([\w.-]+)(?:\[.*\])?==", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE
    )
    assert set(pinned) <= names
    lock = json.loads((ROOT / "assets/package-lock.json").read_text())["packages"]
    assert all(one.get("integrity") for path, one in lock.items() if path)


def test_no_secret_is_in_the_sources() -> None:
    key = re.compile(r"-----BEGIN (?:\w+ )?PRIVATE KEY-----\s*\n[A-Za-z0-9+/=]{40}")
    for path in sources():
        assert not key.search(path.read_text(encoding="utf-8")), shown(path)
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.fullmatch(r"frk_[\w-]{43}|ghp_\w{36}|AKIA\w{16}", node.value)
