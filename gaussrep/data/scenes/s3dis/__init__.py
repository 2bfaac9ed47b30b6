"""S3DIS: six areas of office buildings."""
