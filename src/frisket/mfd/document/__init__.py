"""Reading print documents: what format they are, how many sides they fill, on what paper."""
