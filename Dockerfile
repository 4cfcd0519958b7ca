# syntax=docker/dockerfile:1
# To build for x86-64 and 64-bit ARM: docker buildx build --platform linux/amd64,linux/arm64 .
FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# The parts that rarely change come first, so a build takes only seconds if only Newsdesk's code has changed.
COPY deploy/requirements.lock deploy/build.lock deploy/
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes --only-binary :all: -r deploy/build.lock
# The package wordllama has no wheel for ARM, so the build compiles it there.
ARG TARGETARCH
RUN if [ "$TARGETARCH" = arm64 ]; then apt-get update && apt-get install --yes --no-install-recommends gcc g++ libc6-dev; fi
RUN python -m venv /opt/newsdesk && /opt/newsdesk/bin/pip install --no-deps --require-hashes --only-binary :all: \
    $([ "$TARGETARCH" != arm64 ] || echo --no-binary wordllama) -r deploy/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY retrieval retrieval
COPY prompts prompts
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist .
RUN /opt/newsdesk/bin/pip install --no-deps --no-index dist/*.whl
RUN /opt/newsdesk/bin/python -m compileall -q /opt/newsdesk/lib
RUN /opt/newsdesk/bin/pip uninstall --quiet --yes pip

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="Newsdesk"
LABEL org.opencontainers.image.description="Answers questions about the news and shows where every sentence comes from."
LABEL org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 newsdesk && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin newsdesk
RUN install --directory --owner=newsdesk --group=newsdesk --mode=0750 /data
COPY --from=build /opt/newsdesk /opt/newsdesk
# The bot stores its data in /data and writes nowhere else but /tmp, so the root file system can be read-only.
ENV PATH=/opt/newsdesk/bin:$PATH HOME=/data NEWSDESK_DATA_DIR=/data/newsdesk MPLCONFIGDIR=/tmp/matplotlib
ENV NEWSDESK_HEALTH_PORT=8080 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=2m --retries=3 CMD ["newsdesk", "health"]
ENTRYPOINT ["newsdesk"]
CMD ["run"]
