"""Bookings in rows and columns: what CSV files, database queries and XML exports have in common."""
