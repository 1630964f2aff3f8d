"""Which facts tell which member what, how, in which language, and when."""
