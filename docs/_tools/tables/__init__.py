"""Tables of the documentation, in Markdown."""
