"""One file per verb of the command line that does more than hand on."""
