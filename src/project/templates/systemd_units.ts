/**
 * systemd units for a principal and an agent.
 *
 * They are as closed as the program allows. `MemoryDenyWriteExecute` is left out: it forbids pages that are written and then
 * executed, which is how JavaScript is compiled while it runs, and the process would not start. `SystemCallFilter` is left to
 * the administrator, since the tasks of an agent may need any call.
 */
import type { ProjectFile } from "../project_file.ts";

/** What principal and agent have in common. */
const sandbox =
  `# A sandbox. "systemd-analyze security UNIT" shows what it is worth. Not in it: MemoryDenyWriteExecute=, which
# forbids what a just-in-time compiler does; cdktr would not start.
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
`;

/** systemd is told by the program that it is ready and alive. */
const supervision = `Type=notify
NotifyAccess=main
WatchdogSec=2min
# A large journal takes a while to read.
TimeoutStartSec=10min
Restart=on-failure
RestartSec=5s
ExecReload=/bin/kill -HUP $MAINPID
`;

/** Where a unit keeps its data, its cache and its settings. */
const places = (name: string) =>
  `Environment=CDKTR_APP_DATA_DIRECTORY=%S/${name}
Environment=HOME=%S/${name} XDG_CACHE_HOME=%C/${name} CDKTR_CACHE_DIRECTORY=%C/${name}
EnvironmentFile=-/etc/cdktr/cdktr.env
StateDirectory=${name}
StateDirectoryMode=0700
CacheDirectory=${name}
CacheDirectoryMode=0700
WorkingDirectory=%S/${name}
LimitNOFILE=65536
`;

const principal: ProjectFile = {
  name: "deploy/cdktr-principal.service",
  text: `# The principal: keeps workflows, schedules and the queue. To install it, and an agent beside it:
#
#   sudo install -m 0755 "$(command -v cdktr)" /usr/local/bin/cdktr
#   sudo useradd --system --home-dir /var/lib/cdktr --shell /usr/sbin/nologin cdktr
#   sudo install -d /etc/cdktr && sudo cp -r workflows /etc/cdktr/
#   sudo chgrp -R cdktr /etc/cdktr && sudo chmod -R u=rwX,g=rX,o= /etc/cdktr
#   sudo cp deploy/cdktr-*.service /etc/systemd/system/
#   sudo systemctl daemon-reload && sudo systemctl enable --now cdktr-principal cdktr-agent
#
# Settings go into /etc/cdktr/cdktr.env, a line CDKTR_...=value each. The ports know neither passwords nor encryption:
# with CDKTR_PRINCIPAL_HOST=127.0.0.1 there only this host reaches them.

[Unit]
Description=cdktr principal
After=network-online.target
Wants=network-online.target
# Tried again for ever, not five times within ten seconds.
StartLimitIntervalSec=0

[Service]
User=cdktr
Group=cdktr
ExecStart=/usr/local/bin/cdktr start principal
${supervision}
# In good order it ends in seconds: what was decided is on disk, what was logged is stored.
KillMode=mixed
TimeoutStopSec=2min

Environment=CDKTR_WORKFLOW_DIR=/etc/cdktr/workflows
${places("cdktr")}
${sandbox}
[Install]
WantedBy=multi-user.target
`,
};

const agent: ProjectFile = {
  name: "deploy/cdktr-agent.service",
  text: `# An agent: fetches work from the principal and runs the tasks. cdktr-principal.service says how to install it.
#
# Tasks run as the user cdktr inside the sandbox below. What is closed to them fails with "Permission denied" or "Read-only
# file system"; open it with "systemctl edit cdktr-agent", for instance:
#
#   [Service]
#   ReadWritePaths=/srv/data           # tasks write there
#   ProtectHome=read-only              # tasks read below /home
#   User=etl                           # tasks run as somebody else
#   RestrictNamespaces=no              # tasks start containers or browsers
#   PrivateDevices=no                  # tasks use a GPU or another device
#   RestrictAddressFamilies=AF_NETLINK # tasks look at network interfaces
#
# sudo, ping and other setuid programs cannot be let through one by one: for a user that is not root most lines below imply
# NoNewPrivileges=. Run such tasks on an agent without the sandbox, with a label of its own (CDKTR_AGENT_LABELS).

[Unit]
Description=cdktr agent
After=network-online.target cdktr-principal.service
Wants=network-online.target
# Tried again for ever, not five times within ten seconds.
StartLimitIntervalSec=0

[Service]
User=cdktr
Group=cdktr
ExecStart=/usr/local/bin/cdktr start agent
${supervision}
# It takes no more work and ends when its runs have, within this time; what still runs then is killed. A restart of the
# machine waits as long.
KillMode=mixed
TimeoutStopSec=30min
# A task that takes too much memory is killed alone, not the agent with all its tasks.
OOMPolicy=continue

# A directory of its own, so that tasks cannot write to the principal's journal.
${places("cdktr-agent")}
${sandbox}
[Install]
WantedBy=multi-user.target
`,
};

export const systemdUnits: readonly ProjectFile[] = [principal, agent];
