"""Commands, one verb each: `python -m tools.<verb>` from the repository."""
