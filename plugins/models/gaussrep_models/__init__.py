"""Pretrained runs of gaussrep; `gaussrep.load_run("models:NAME")` loads them."""
