"""What kind of message somebody sent, and what of it is to be looked for."""
