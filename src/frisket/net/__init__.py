"""The only place that opens sockets: dial, listen, TLS, budget, print-port guard, capture."""
