"""The operator's hand on a crawl: progress, pause, pace, dead letters, pruning. For commands: all of it blocks."""
