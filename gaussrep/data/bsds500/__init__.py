"""`bsds500`: photographs with the boundaries that several people drew."""
