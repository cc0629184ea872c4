"""The Remote UI: pages of the virtual device, drawn on the device, without scripts."""
