"""Training as durable work: runs, their events, and the processes that make them."""
