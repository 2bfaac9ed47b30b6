"""What stands in the rooms: functions that draw groups of objects, in their own coordinates."""
