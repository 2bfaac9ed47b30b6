"""What a trained run is worth: reports now, scores later."""
