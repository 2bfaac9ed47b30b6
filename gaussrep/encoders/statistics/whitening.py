"""Means and spreads of the local statistics, by which they become alike in size.

Ours: measured once, at cells of 8 pixels, on six photographs of scikit-image (astronaut, chelsea,
coffee, hubble_deep_field, motorcycle_left, rocket), each with its longer side at 160 and at 640
pixels; all twelve pictures count the same.
"""

MEAN = (
    0.3403, 0.1056, 0.0898, 0.2103, 0.1339, 0.1446,
    0.3403, 0.1056, 0.0898, 0.2857, 0.1835, 0.1956,
    0.1615, 0.0014, -0.0147, 0.0008, -0.0150, 0.1186,
    0.1860, 0.0022, -0.0196, -0.0007, -0.0155, 0.1443,
    0.2083, -0.0009, -0.0234, -0.0031, -0.0141, 0.1570,
)  # fmt: skip
"""Mean of each statistic, in the order of `local_statistics`."""
STD = (
    0.2146, 0.1458, 0.1501, 0.1189, 0.0879, 0.0849,
    0.1968, 0.1369, 0.1431, 0.1202, 0.1028, 0.0921,
    0.0858, 0.0800, 0.0755, 0.0781, 0.0747, 0.0660,
    0.1020, 0.0978, 0.0934, 0.0966, 0.0943, 0.0829,
    0.1149, 0.1226, 0.1163, 0.1210, 0.1183, 0.0940,
)  # fmt: skip
"""Standard deviation of each statistic."""
