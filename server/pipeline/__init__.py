"""What is done beside and after the talks."""
