"""The program's own settings, by version, and the log of every change a person made."""
