"""IPP printing (RFC 8010, RFC 8011, PWG 5100.14): attributes, operations, connection."""
