"""The nouns that every part shares; standard library only."""
