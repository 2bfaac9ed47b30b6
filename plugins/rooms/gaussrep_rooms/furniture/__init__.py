"""What stands in the rooms: functions that draw groups of things, in their own coordinates."""
