"""The port to people's calendars, and the gateways behind it."""
