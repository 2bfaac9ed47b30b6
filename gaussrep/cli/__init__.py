"""The `gaussrep` command. Its help never imports torch."""
