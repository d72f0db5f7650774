"""What is done every day without anybody, and how each system is told to do it."""
