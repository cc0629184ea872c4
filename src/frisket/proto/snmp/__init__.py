"""SNMP v1, v2c and v3: one codec for the manager, the notification receiver and agents."""
