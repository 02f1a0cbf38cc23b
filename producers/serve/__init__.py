"""The HTTP entrance: events come in by POST, and are answered when the broker has confirmed them."""
