"""The packaged content agrees with the guide and with itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from frisket.audit.load import Content, load_content
from frisket.audit.policy import PolicyItem, check_parameters, forced
from frisket.catalog.setting import Kind
from frisket.model.reading import Value

# The rows of the guide's two tables, in its order, by the feature each names.
SMALL_OFFICE = (
    "Service Mode",
    "Service Management",
    "SMB",
    "Remote UI",
    "SNMP",
    "E-Mail",
    "POP3",
    "LDAP",
    "FTP Print",
    "WebDAV Send",
    "Encrypted PDF",
    "Secure Print",
    "Browser",
    "Bluetooth and NFC",
    "Wireless LAN",
    "IPP",
)
ENTERPRISE = (
    "Service Mode",
    "Service Management",
    "SMB",
    "Remote UI",
    "SNMP",
    "E-Mail",
    "POP3",
    "LDAP",
    "IPP",
    "WebDAV",
    "802.1X",
    "Encrypted PDF",
    "Encrypted Secure Print",
    "Wireless LAN",
    "Wi-Fi Direct",
    "Browser",
)

# What each item of the Security Policy Settings forces, written down from the guide's table and not
# from the content. `...` stands for the value that the administrator enters.
FORCED: Mapping[str, Mapping[str, object]] = {
    "SP-01": {"wifi.direct.enabled": False},
    "SP-02": {"network.interface": "wired"},
    "SP-03": {"usb.device.enabled": False},
    "SP-04": {"usb.storage.enabled": False},
    "SP-05": {
        "smb.server.require-signature": True,
        "smb.server.authentication": True,
        "webdav.server.tls": True,
    },
    "SP-06": {
        "webdav.client.verify": True,
        "webdav.client.verify-cn": True,
        "smtp.send.verify": True,
        "smtp.send.verify-cn": True,
        "pop.verify": True,
        "pop.verify-cn": True,
        "network.access.verify": True,
        "network.access.verify-cn": True,
        "meap.verify": True,
        "meap.verify-cn": True,
        "sip.tls.verify": True,
        "sip.tls.verify-cn": True,
    },
    "SP-07": {
        "ftp.print.enabled": False,
        "smtp.receive.tls": "always",
        "dedicated-port.authentication": "mode-2",
        "webdav.server.tls": True,
    },
    "SP-08": {"snmp.v1.enabled": False},
    "SP-09": {"lpd.enabled": False},
    "SP-10": {"raw.enabled": False},
    "SP-11": {"ftp.print.enabled": False},
    "SP-12": {"wsd.enabled": False, "wsd.browsing.enabled": False, "wsd.scan.enabled": False},
    "SP-13": {"bmlinks.enabled": False},
    "SP-14": {"ipp.enabled": False, "airprint.enabled": False, "mopria.enabled": False},
    "SP-15": {"smb.server.enabled": False},
    "SP-16": {"smtp.receive.enabled": False},
    "SP-17": {"dedicated-port.enabled": False},
    "SP-18": {"remote-operation.enabled": False},
    "SP-19": {
        "sip.intranet.enabled": False,
        "sip.ngn.enabled": False,
        "sip.voip-gateway.enabled": False,
    },
    "SP-20": {"mdns.ipv4.enabled": False, "mdns.ipv6.enabled": False, "mopria.enabled": False},
    "SP-21": {"slp.response.enabled": False},
    "SP-22": {"snmp.v1.enabled": False, "snmp.v3.enabled": False},
    "SP-23": {
        "auth.management": True,
        "auth.login-screen": "device-operation",
        "auth.restrict-remote-jobs": True,
    },
    "SP-24": {"auth.auto-logout.enabled": True, "auth.auto-logout.time": ...},
    "SP-25": {"password.prohibit-caching": True},
    "SP-26": {"password.warn-default": True},
    "SP-27": {"password.allow-default-remote": False},
    "SP-28": {"password.minimum-length": ...},
    "SP-29": {"password.validity-days": ...},
    "SP-30": {"password.prohibit-repeats": True},
    "SP-31": {"password.need-uppercase": True},
    "SP-32": {"password.need-lowercase": True},
    "SP-33": {"password.need-digit": True},
    "SP-34": {"password.need-symbol": True},
    "SP-35": {
        "auth.lockout.enabled": True,
        "auth.lockout.threshold": ...,
        "auth.lockout.period": ...,
    },
    "SP-36": {"crypto.prohibit-weak": True},
    "SP-37": {"crypto.prohibit-weak-keys": True},
    "SP-38": {"tpm.enabled": True},
    "SP-39": {
        "advanced-space.save-operation-log": True,
        "job-log.display": True,
        "job-log.retrieve": True,
        "audit-log.save": True,
        "audit-log.network-authentication": True,
    },
    "SP-40": {"sntp.enabled": True, "sntp.server": ...},
    "SP-41": {
        "fax.handle-forwarding-errors": False,
        "fax.memory-lock": True,
        "ifax.memory-lock": True,
        "fax.memory-lock-end-time": False,
        "fax.inbox.print-on-store": False,
        "mailbox.print-on-store": False,
        "mailbox.display-print-on-store": False,
        "print.hold.prohibit-unknown-user": True,
        "print.hold.forced": True,
    },
    "SP-42": {
        "send.limit-new.fax": True,
        "send.limit-new.email": True,
        "send.limit-new.ifax": True,
        "send.limit-new.file": True,
    },
    "SP-43": {"send.confirm-fax-number": True},
    "SP-44": {"forwarding.enabled": False},
    "SP-45": {"storage.complete-deletion": True},
}

# Every range that the guide states beside an item.
RANGES = {
    ("SP-24", 10, 540),
    ("SP-28", 1, 32),
    ("SP-29", 1, 180),
    ("SP-35", 1, 10),
    ("SP-35", 1, 60),
}
OURS = frozenset({"modern"})  # baselines that are not the guide's


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


@pytest.mark.parametrize(
    ("name", "prefix", "rows"),
    [("small-office", "SO", SMALL_OFFICE), ("enterprise", "EN", ENTERPRISE)],
)
def test_every_row_of_the_guide_stands_in_its_order(
    content: Content, name: str, prefix: str, rows: tuple[str, ...]
) -> None:
    considerations = content.baselines[name].considerations
    assert [c.id for c in considerations] == [f"{prefix}-{n:02}" for n in range(1, 17)]
    for consideration, feature in zip(considerations, rows, strict=True):
        assert feature in consideration.feature
        assert consideration.needs
        assert consideration.text


def test_the_security_policy_has_its_45_items_in_order(content: Content) -> None:
    ids = [f"SP-{n:02}" for n in range(1, 46)]
    assert [item.id for item in content.policy] == ids
    assert [c.id for c in content.baselines["security-policy"].considerations] == ids
    counts: dict[str, int] = {}
    for item in content.policy:
        counts[item.section] = counts.get(item.section, 0) + 1
    assert counts == {
        "Interface": 4,
        "Network": 18,
        "Authentication": 13,
        "Key/Certificate": 3,
        "Log": 2,
        "Job": 4,
        "Storage": 1,
    }


def same(value: Value, wanted: object) -> bool:
    return wanted is ... or value == wanted


@pytest.mark.parametrize("number", range(1, 46))
def test_an_item_forces_exactly_what_the_guide_says(content: Content, number: int) -> None:
    item = content.policy[number - 1]
    values = content.baselines["security-policy"].parameters
    result = forced([item], content.rules, values, content.catalog)
    wanted = FORCED[item.id]
    assert set(result) == set(wanted)
    for key, value in result.items():
        assert same(value, wanted[key]), key
        assert content.catalog[key].kind is Kind.SETTING
        content.catalog[key].check(value)


def test_items_never_force_one_setting_to_two_values(content: Content) -> None:
    values = content.baselines["security-policy"].parameters
    seen: dict[str, Value] = {}
    for item in content.policy:
        for key, value in forced([item], content.rules, values, content.catalog).items():
            assert seen.setdefault(key, value) == value, (item.id, key)


def test_ranges_are_the_guides(content: Content) -> None:
    assert {
        (item.id, r.minimum, r.maximum) for item in content.policy for r in item.ranges
    } == RANGES
    check_parameters(content.policy, content.baselines["security-policy"].parameters)


def test_ranges_fit_the_settings_they_fill(content: Content) -> None:
    rules = {r.parameter: r for r in content.rules.values() if r.parameter}
    for item in content.policy:
        for limit in item.ranges:
            setting = content.catalog[rules[limit.parameter].key]
            setting.check(limit.minimum)
            setting.check(limit.maximum)


def test_misprints_are_resolved_and_kept_as_notes(content: Content) -> None:
    items: dict[str, PolicyItem] = {item.id: item for item in content.policy}
    assert "SNTP" in items["SP-40"].label
    assert "Force SNMP settings" in items["SP-40"].note
    assert "SMB/WebDAV" in items["SP-05"].label
    assert "SMS/WebDAV" in items["SP-05"].note


def derived(content: Content) -> dict[str, list[str]]:
    """Return key -> ids of the guide's considerations whose rules judge or set it."""
    used: dict[str, list[str]] = {}
    for name in ("small-office", "enterprise", "security-policy"):
        for consideration, need in content.baselines[name].needs():
            for rule in (content.rules[i] for i in need.rules):
                for key in (rule.key, *rule.remedy):
                    ids = used.setdefault(key, [])
                    if consideration.id not in ids:
                        ids.append(consideration.id)
    return used


def test_the_catalogue_names_for_each_key_the_considerations_that_use_it(content: Content) -> None:
    used = derived(content)
    stated = {setting.key: list(setting.guide) for setting in content.catalog}
    assert stated == {key: used.get(key, []) for key in stated}


def test_no_rule_is_unused(content: Content) -> None:
    used = {
        rule
        for baseline in content.baselines.values()
        for _, need in baseline.needs()
        for rule in need.rules
    }
    assert used == set(content.rules)


def test_the_guides_baselines_name_their_edition(content: Content) -> None:
    for baseline in content.baselines.values():
        assert ("canon-hg/us" in baseline.source) is (baseline.id not in OURS)


def test_ids_of_considerations_are_unique(content: Content) -> None:
    ids = [c.id for b in content.baselines.values() for c in b.considerations]
    assert len(ids) == len(set(ids))


def test_every_rule_says_what_it_stops_and_how_it_is_met(content: Content) -> None:
    for rule in content.rules.values():
        assert rule.stops.endswith("."), rule.id
        assert not rule.title.endswith("."), rule.id
        kind = content.catalog[rule.key].kind
        if kind is Kind.PRACTICE:
            assert rule.question.endswith("?"), rule.id
            assert rule.how, rule.id
            assert not rule.remedy, rule.id
        else:
            assert not rule.question, rule.id
        for text in rule.breaks:
            assert text.endswith("."), rule.id
