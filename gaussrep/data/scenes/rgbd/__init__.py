"""RGB-D recordings: folders of posed photographs and depths."""
