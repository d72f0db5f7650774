"""One Scrapy command a file: arguments, one call, exit code.  Heavy imports live inside `run()`."""
