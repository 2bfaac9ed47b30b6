"""ScanNet: the layout on the disk, its labels, and its preparation from the raw release."""
