"""The operation panel: screens described by parts, drawn on request, pressed by events."""
