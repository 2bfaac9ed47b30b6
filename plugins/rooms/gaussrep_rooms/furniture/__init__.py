"""Furniture: functions that draw groups of objects, in their own coordinates."""
