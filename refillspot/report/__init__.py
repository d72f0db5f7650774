"""What a crawl came to, for people: figures against targets, and findings with their cause and remedy."""
