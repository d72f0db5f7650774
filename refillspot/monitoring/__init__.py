"""A crawl as it runs, looked at: snapshot, figures, `top`, metrics."""
