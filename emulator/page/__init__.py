"""The web page that shows the calendars."""
