"""What the fleet's people decide and the console shows: roles, approvals, the log. Pure."""
