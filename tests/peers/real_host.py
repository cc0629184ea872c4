"""A host of nothing but other people's software on standard ports, audited by the command line.

Run in network and process namespaces of its own; prints the recorded readings. Arguments: a
folder, and the number of an X display that nobody uses.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.peers.daemons import certificate, program

ADDRESS = "127.0.0.1"
TCP = (21, 25, 445, 631, 5900)
SNMPD = """
agentAddress udp:127.0.0.1:161
rocommunity public
createUser auditor SHA-256 "sage and onion" AES "rosemary and thyme"
rouser auditor priv
override .1.3.6.1.2.1.1.1.0 octet_str "Canon iR-ADV C5235 /P"
override .1.3.6.1.2.1.1.2.0 object_id .1.3.6.1.4.1.1602.4.7
override .1.3.6.1.2.1.43.5.1.1.17.1 octet_str "ABC12345"
"""
VSFTPD = """
listen=YES
background=NO
listen_address=127.0.0.1
listen_port=21
anonymous_enable=NO
local_enable=YES
seccomp_sandbox=NO
secure_chroot_dir={folder}/empty
ssl_enable=YES
rsa_cert_file={cert}
rsa_private_key_file={key}
"""
SAMBA = """
[global]
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = 445
disable netbios = yes
netbios name = LAB
server signing = mandatory
server min protocol = SMB3_00
private dir = {folder}
lock directory = {folder}
state directory = {folder}
cache directory = {folder}
pid directory = {folder}
ncalrpc dir = {folder}/rpc
log file = {folder}/log
load printers = no
disable spoolss = yes
"""
POSTFIX = """
queue_directory = {folder}/queue
data_directory = {folder}/data
compatibility_level = 3.6
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mfd.invalid
mydestination =
maillog_file = /dev/stdout
smtpd_relay_restrictions = reject
smtpd_tls_security_level = none
"""
MASTER = """
25 inet n - n - - smtpd
anvil unix - - n - 1 anvil
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


def write(path: Path, text: str, **values: object) -> Path:
    """Write a configuration."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.format(**values) if values else text)
    return path


def start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    """Run a daemon, at most until the process namespace ends."""
    env = {**os.environ, "HOME": str(folder), "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder)}
    env.pop("TMPDIR", None)
    with (folder / f"{command[0]}.log").open("wb") as log:
        return subprocess.Popen(
            [program(command[0]), *command[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=env,
            start_new_session=True,
        )


def start_all(folder: Path, display: str) -> list[subprocess.Popen[bytes]]:
    """Start what makes up the host."""
    started: list[subprocess.Popen[bytes]] = []
    key, cert = certificate(folder)
    for name in ("empty", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix", "postfix")
    agent = write(folder / "snmpd.conf", SNMPD)
    quiet = ["-f", "-LE", "w", "-C", "-I", "-smux,agentx,hr_print"]
    started.append(start(folder, "snmpd", *quiet, "-c", str(agent)))
    conf = write(folder / "vsftpd.conf", VSFTPD, folder=folder, key=key, cert=cert)
    started.append(start(folder, "vsftpd", str(conf)))
    conf = write(folder / "smb.conf", SAMBA, folder=folder)
    started.append(start(folder, "smbd", "-F", "--no-process-group", "-s", str(conf)))
    write(folder / "etc" / "main.cf", POSTFIX, folder=folder)
    write(folder / "etc" / "master.cf", MASTER)
    started.append(start(folder, "postfix", "-c", str(folder / "etc"), "start-fg"))
    (folder / "password").write_bytes(bytes(8))
    screen = ["-geometry", "320x200", "-rfbport", "5900", "-SecurityTypes", "VncAuth"]
    screen += ["-PasswordFile", str(folder / "password"), "-nolisten", "tcp", "-nolisten", "unix"]
    started.append(start(folder, "Xtigervnc", f":{display}", "-interface", ADDRESS, *screen))
    options = ["server-hostname=localhost", "server-port=631", "log-file=-", "log-level=debug"]
    options += [f"spool-directory={folder}/spool", "server-options=multi-queue,web-interface"]
    words = [word for option in options for word in ("-o", option)]
    started.append(start(folder, "lprint", "server", *words))
    return started


def wait_for(port: int, folder: Path) -> None:
    """Wait until somebody accepts connections."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((ADDRESS, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                logs = {p.name: p.read_text(errors="replace")[-600:] for p in folder.glob("*.log")}
                raise SystemExit(f"port {port} is not served: {logs}") from None
            time.sleep(0.05)
        else:
            return


def add_queue(folder: Path) -> None:
    """Give the IPP server a printer."""
    words = ["-d", "label", "-v", "file:///dev/null", "-m", "zpl_4inch-203dpi-dt"]
    assert start(folder, "lprint", "add", *words).wait(timeout=30) == 0


def audit(folder: Path) -> str:
    """Audit, and return what was recorded."""
    words = ["--pace", "0", "--patience", "5", "--exit-zero", "--record", str(folder / "records")]
    command = [sys.executable, "-m", "frisket.cli", "audit", ADDRESS, *words, "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    (recorded,) = (folder / "records").iterdir()
    return recorded.read_text()


def main(folder: Path, display: str) -> int:
    """Start, audit, print what was recorded."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    started = start_all(folder, display)
    try:
        for port in TCP:
            wait_for(port, folder)
        add_queue(folder)
        sys.stdout.write(audit(folder))
    finally:
        # Some leave files behind for good if they are only killed.
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=20)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
