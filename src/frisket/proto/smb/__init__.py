"""Server Message Block, as far as two ends agree on a dialect and no further."""
