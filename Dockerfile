# One image for every role: `agora serve <service>`, `agora migrate`, `agora seed`, `agora media`, `agora sandbox`, `agora doctor`,
# and `agora-router`.

FROM node:22-bookworm-slim AS graphiql
WORKDIR /src
COPY router/graphiql/package.json router/graphiql/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY router/graphiql/ ./
RUN npm run build

# The router first: it takes long and changes rarely.
FROM rust:1.95-bookworm AS router
WORKDIR /src/router
COPY router/Cargo.toml router/Cargo.lock ./
COPY router/src src
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/target,id=agora-router \
    CARGO_TARGET_DIR=/target cargo build --release --locked --ignore-rust-version \
    && cp /target/release/agora-router /usr/local/bin/

FROM rust:1.95-bookworm AS services
WORKDIR /src
COPY . .
# The queries were checked when .sqlx/ was written; no database is needed here.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/target,id=agora-services \
    CARGO_TARGET_DIR=/target SQLX_OFFLINE=true cargo build --release --locked -p agora \
    && cp /target/release/agora /usr/local/bin/

FROM debian:bookworm-slim
# curl for health checks, openssl for making a signing key
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl openssl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/agora --create-home agora \
    && install -d -o agora -g agora /var/lib/agora/mail /var/lib/agora/media /var/lib/agora/sandbox
COPY --from=services /usr/local/bin/agora /usr/local/bin/agora
COPY --from=router /usr/local/bin/agora-router /usr/local/bin/agora-router
COPY router/router.config.yaml router/supergraph.graphql router/schema.graphql /srv/agora/router/
COPY --from=graphiql /src/dist /srv/agora/router/graphiql/dist
ENV AGORA_HOST=0.0.0.0 \
    AGORA_MAIL_DIR=/var/lib/agora/mail \
    AGORA_STORAGE_URL=file:///var/lib/agora/media \
    HOST=0.0.0.0 \
    PORT=4000 \
    ROUTER_CONFIG_FILE_PATH=/srv/agora/router/router.config.yaml \
    SUPERGRAPH_FILE_PATH=/srv/agora/router/supergraph.graphql \
    AGORA_GRAPHIQL_DIR=/srv/agora/router/graphiql/dist
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/agora
CMD ["agora", "--help"]
