"""The device-embedded remote diagnostic system (eRDS): off until enabled in service mode."""
