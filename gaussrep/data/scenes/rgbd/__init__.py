"""RGB-D recordings: folders of posed color images and depths."""
