# syntax=docker/dockerfile:1

FROM python:3.11.16-slim-trixie AS installed

COPY requirements.lock /
RUN python -m venv --without-pip /opt/pilito
RUN pip --python /opt/pilito/bin/python install --no-cache-dir --only-binary :all: \
    --require-hashes --requirement /requirements.lock


FROM python:3.11.16-slim-trixie

# The embeddings API is reached over TLS, which trusts what the system trusts.
# `pilito backup` needs pg_dump of the server's version; Debian has an older one, so the script of Debian's own
# package adds the repository of Postgres.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home pilito

COPY --from=installed /opt/pilito /opt/pilito
COPY --chmod=755 <<EOF /opt/pilito/bin/pilito
#!/opt/pilito/bin/python
from cli import app

app()
EOF
COPY alembic.ini cli.py compute.py crypto.py memory.py settings.py worker.py /app/
COPY activities /app/activities
COPY api /app/api
COPY catalogue /app/catalogue
COPY commands /app/commands
COPY connectors /app/connectors
COPY contracts /app/contracts
COPY database /app/database
COPY embeddings /app/embeddings
COPY knowledge /app/knowledge
COPY observability /app/observability
COPY temporal /app/temporal
COPY workflows /app/workflows

ENV PATH=/opt/pilito/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001
ENTRYPOINT ["pilito"]
