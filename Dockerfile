# Two images from one file: the service (the default), and `spark` for datasets on a cluster.
#   docker build -t softbalance .
#   docker build -t softbalance-spark --target spark --build-arg EXTRAS=postgres,spark .
ARG PYTHON=python:3.11.14-slim-bookworm

# Compilers stay here: durable_rules is built from source.
FROM ${PYTHON} AS build
ARG EXTRAS=postgres
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /source
# what durable_rules calls and Python 3.13 removed, by the name of its successor: newer compilers insist on it
ENV CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject
RUN python -m venv --without-pip /opt/softbalance \
    && pip --python /opt/softbalance/bin/python install --no-cache-dir "/source[${EXTRAS}]" \
    && find /opt/softbalance -type d -name tests -prune -exec rm -rf {} +

# What both images are: Python, a user without rights, a folder for a store or for datasets.
FROM ${PYTHON} AS base
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin softbalance \
    && install --directory --owner=10001 --group=10001 /data
ENV PATH=/opt/softbalance/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /data
USER 10001:10001

FROM base AS spark
USER 0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/softbalance /opt/softbalance
USER 10001:10001
ENTRYPOINT ["softbalance"]
CMD ["classify", "--help"]

FROM base AS service
COPY --from=build /opt/softbalance /opt/softbalance
ENV SOFTBALANCE_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=8)"]
ENTRYPOINT ["softbalance"]
CMD ["serve"]
