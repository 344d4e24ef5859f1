# The image of every role: `docker build -t meshgate .`, then `docker run meshgate --help`. Products of your own: see docs/operating.md.
# The sources run as they are, so nothing is built; node's version is the one that package-lock.json has for development (a test compares them).

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /opt/meshgate
COPY package.json package-lock.json .npmrc ./
# No dependency needs its install script, and none of them runs here.
RUN npm ci --omit=dev --ignore-scripts

FROM node:24.21.0-bookworm-slim
# No package-lock.json here: by it the launcher knows a checkout, whose dependencies it keeps up to date. An image installs nothing when it runs.
WORKDIR /opt/meshgate
COPY --from=dependencies /opt/meshgate/node_modules node_modules
COPY package.json LICENSE NOTICE ./
COPY cli cli
COPY console console
COPY gateway gateway
COPY ingest ingest
COPY platform platform
COPY samples samples
COPY schema schema
COPY subgraphs subgraphs

# The one place that is written: the embedded log and store of `dev`, or the supergraph file. A volume mounted there gets its owner.
RUN mkdir /var/lib/meshgate && chown 1000:1000 /var/lib/meshgate
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 MESHGATE_DATA_DIR=/var/lib/meshgate
EXPOSE 4000
# The image's user `node`; by number, so that a scheduler can see that it is not root.
USER 1000:1000
ENTRYPOINT ["node", "/opt/meshgate/cli/meshgate.js"]
CMD ["--help"]
