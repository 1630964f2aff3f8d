"""Points for bringing new members, and taking them back where what these bought goes back."""
