"""What the features of points are worth for tasks on scenes, in numbers."""
