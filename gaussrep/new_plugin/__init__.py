"""`gaussrep new-plugin`: the template of a plugin, and how it becomes somebody's own."""
