"""What the virtual device shows over SNMP: one module per MIB, and the agent that serves them."""
