"""gaussrep in nerfstudio: methods and a data parser for `ns-train`."""
