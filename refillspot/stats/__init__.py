"""What the processes of a crawl have counted, and what it comes to together. Pure."""
