"""Figures, measured: each line says on what machine, with how many, by which command."""
