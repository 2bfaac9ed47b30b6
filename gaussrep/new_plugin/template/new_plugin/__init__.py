"""A plugin of gaussrep: a renderer, an encoder, a loss and a method."""
