"""A kiosk that takes coffee orders."""
