"""The sending side: polls a site's devices, keeps every change, and hands it to the gateway."""
