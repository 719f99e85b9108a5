/** A Dockerfile for the executable and the workflows of a project. */
import type { ProjectFile } from "../project_file.ts";

export const dockerfile: ProjectFile = {
  name: "Dockerfile",
  text: `# One image for principals and agents: the executable, the workflows and a shell for tasks.
#
#   cp "$(command -v cdktr)" .       the executable goes into the image
#   docker build -t my-workflows .
#   docker run --init --stop-timeout 1800 -v cdktr:/data -p 127.0.0.1:5561-5563:5561-5563 my-workflows
#
# --init removes what tasks leave behind as zombies; --stop-timeout lets runs finish before the container is killed.
# The ports have neither passwords nor encryption: publish them only where everybody may use them.

# The executable needs glibc and libstdc++, which this image has; tasks need a shell, which "distroless" ones do not have.
FROM debian:stable-slim

# What else your tasks call (curl, uv, a database client) is installed here, as in:
# RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*

# By number, so that "runAsNonRoot" of Kubernetes can see that it is not root. A new volume takes over these rights.
RUN groupadd --gid 10001 cdktr \\
  && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin cdktr \\
  && install -d -o 10001 -g 10001 -m 0700 /data

COPY --chmod=0755 cdktr /usr/local/bin/cdktr
COPY --chmod=0755 workflows /app/workflows

ENV HOME=/data \\
  CDKTR_APP_DATA_DIRECTORY=/data \\
  CDKTR_WORKFLOW_DIR=/app/workflows

USER 10001:10001
WORKDIR /app
VOLUME ["/data"]
EXPOSE 5561 5562 5563

# Asks the principal that CDKTR_PRINCIPAL_HOST names: in an agent of its own it tells whether that can be reached.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["cdktr", "status"]

ENTRYPOINT ["cdktr"]
# An agent of its own: docker run --init -e CDKTR_PRINCIPAL_HOST=PRINCIPAL my-workflows start agent
CMD ["start", "principal", "--with-agent"]
`,
};
