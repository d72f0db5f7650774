# The image of docker-compose.yml, the same on every machine. How to pin the one below it by digest: docs/operations.md
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
# Before the sources, so that a change of these does not install everything again. Wheels only: building from source
# would run code of every package, and need a compiler.
COPY requirements-worker.txt requirements.txt
RUN python -m venv --without-pip /opt/refillspot \
    && pip --python /opt/refillspot/bin/python install --only-binary :all: --require-hashes -r requirements.txt

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/refillspot/bin:$PATH PYTHONUNBUFFERED=1 REFILLSPOT_HOME=/var/lib/refillspot
# A number, so that a cluster can see that it is not root. Its home is where logs are: a new volume takes its owner over.
RUN useradd --uid 10001 --no-create-home --home-dir "$REFILLSPOT_HOME" --shell /usr/sbin/nologin refillspot \
    && install --directory --owner refillspot --group refillspot --mode 0700 "$REFILLSPOT_HOME"
WORKDIR /app
COPY --from=packages /opt/refillspot /opt/refillspot
COPY requirements-worker.txt requirements.txt
COPY scrapy.cfg .
COPY refillspot refillspot
COPY replica replica
RUN python -m compileall -q refillspot replica

USER 10001
CMD ["scrapy", "crawl", "diningcode", "-a", "district=all"]
