"""The command line, one file for each command: here things are asked for and told, below they are done."""
