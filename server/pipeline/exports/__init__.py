"""What researchers take home: runs and whole studies in the formats of other tools. Reads no database."""
