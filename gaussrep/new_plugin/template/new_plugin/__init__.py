"""A plugin of gaussrep with a component of nearly every kind."""
