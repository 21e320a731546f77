"""What is proved of a rulebook, and how its cases come out."""
