"""MAE with GMAE's encoder, masks and data: what GMAE is to be compared with."""
