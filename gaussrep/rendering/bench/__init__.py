"""How fast renderers are: what `gaussrep bench render` and `benchmarks/` run."""
