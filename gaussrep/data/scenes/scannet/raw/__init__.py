"""Reading the files of the raw ScanNet release."""
