"""What pages behind `gaussrep inspect` are made of: pictures, sheets of them, charts, style."""
