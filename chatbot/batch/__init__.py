"""Many rows through a model: JSON Lines in and out, one result a row, going on after a kill."""
