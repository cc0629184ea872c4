"""Ways to a device's settings; a driver's table says which one and where."""
