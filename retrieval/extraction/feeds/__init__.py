"""Reading a feed's document."""
