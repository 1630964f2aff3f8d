"""Changes of the program's settings, where campaigns that run have a word in them."""
