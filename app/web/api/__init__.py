"""The native REST routes, one file per noun."""
