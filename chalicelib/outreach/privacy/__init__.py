"""What a member may ask of us as a person: everything we know about them, and to be forgotten."""
