"""Pages of the reference, made from the code when the documentation is built."""
