"""What the class page reads, one file per section."""
