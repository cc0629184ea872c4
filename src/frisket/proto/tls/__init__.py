"""Transport Layer Security from outside: hellos and their answers, without cryptography."""
