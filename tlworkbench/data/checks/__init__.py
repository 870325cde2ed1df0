"""What is wrong with a dataset before anything is trained on it: checks, what they found, and what puts it right."""
