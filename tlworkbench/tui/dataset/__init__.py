"""What the Data screen works with, apart from its widgets: the open dataset, what of it is shown, marks, decisions."""
