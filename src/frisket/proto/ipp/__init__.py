"""Internet Printing Protocol: the messages of RFC 8010 and the names of RFC 8011."""
