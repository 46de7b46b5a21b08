# Tidemark for PostgreSQL and Redis: the web process, the worker or the scheduler, by its command.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements-server.txt .
# Only wheels, and only those whose hashes are known: nothing is built here.
RUN /opt/venv/bin/pip install --only-binary :all: --require-hashes -r requirements-server.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data tidemark && install -d -o tidemark /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY portal portal
COPY catalog catalog
COPY scorecards scorecards
COPY templates templates
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TIDEMARK_DATA_DIR=/data
USER tidemark
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
     "--worker-class", "gthread", "--limit-request-line", "8190", "--no-control-socket"]
