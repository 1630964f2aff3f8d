"""Settings documents by version behind the head; a change holds from the next request on."""
