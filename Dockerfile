# The worker of docker-compose.yml. How to pin the image by digest: docs/operations.md
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home refillspot
WORKDIR /app

# Before the sources, so that a change of these does not install everything again. Wheels only: building from source
# would run code of every package.
COPY requirements-worker.txt requirements.txt
RUN pip install --only-binary :all: --require-hashes -r requirements.txt

COPY scrapy.cfg .
COPY refillspot refillspot
COPY replica replica

USER refillspot
CMD ["scrapy", "crawl", "diningcode", "-a", "district=all"]
