# The worker of docker-compose.yml.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home refillspot
WORKDIR /app

# before the sources, so that a change of these does not install everything again
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt

COPY scrapy.cfg .
COPY refillspot refillspot
COPY replica replica

USER refillspot
CMD ["scrapy", "crawl", "diningcode", "-a", "district=all"]
