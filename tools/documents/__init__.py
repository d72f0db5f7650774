"""The parts of the documents that the code says already: `make docs` writes them, `make check` compares them."""
