"""The device witness and the hand: what a device says of itself, and how it is changed."""
