"""Ways to compute the next token on this machine, and the one thread that drives them."""
