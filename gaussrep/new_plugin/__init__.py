"""`gaussrep new-plugin`: the template of a plugin, and its renaming."""
