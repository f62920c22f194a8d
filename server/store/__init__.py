"""What is never lost: runs, their event logs, and what the prompt cache keeps."""
