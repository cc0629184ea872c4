"""Multicast DNS: questions, and the records that answer them."""
