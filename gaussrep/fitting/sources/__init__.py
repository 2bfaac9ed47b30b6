"""Where captures come from: folders of posed pictures, RGB-D recordings, synthetic scenes."""
