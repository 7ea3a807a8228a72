"""Calendars of rooms: the seam, its two backends, and the arithmetic of time that needs neither.

``intervals`` and ``spoken_times`` are pure: they take the present moment and the time zone as values.
``events`` turns iCalendar text into bookings and back. ``file_calendar`` and ``caldav_calendar`` are the
backends behind ``calendar.RoomCalendar``.
"""
