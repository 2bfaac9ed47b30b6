"""Evaluations of the zero-shot layers, edges, figures and depth of GMAE."""
