"""The examples that the help of each command ends with."""

from __future__ import annotations

# By the words of the command. A test has the command line take each of them.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": ("init", "init --sdk clients/python/your_sdk --yes", "init --dry-run", "init --remove"),
    "status": ("status", "status --release 1.1.0 --json"),
    "watch": ("watch", "watch --sdk clients/python/your_sdk", "watch --scheduled --no-dispatch"),
    "check": (
        "check --sdk clients/python/your_sdk --report report.json",
        "check --sdk 'your-sdk==1.1.0' --promise FAMILY.NAME",
    ),
    "smoke": (
        "smoke --report smoke.json --log smoke.log",
        "smoke --base-url https://staging.example.com --sdk 'your-sdk==1.1.0'",
    ),
    "compat": ("compat", "compat --python 3.10 --python 3.12 --release 1.1.0"),
    "artefact": ("artefact --dry-run", "artefact --release 1.1.0"),
    "collect": (
        "collect",
        "collect --junit reports --workflow sdk-tests --commit 0123abc --run 4711 --exit-code 0",
        "collect --log smoke.log --dry-run",
    ),
    "repeat": ("repeat -- clients/python/tests", "repeat -n 20 --minutes 60 --python .venv -- tests -k polling"),
    "judge": (
        "judge",
        "judge --explain pass-rate",
        "judge --as-of 2026-01-31T09:00:00Z --json",
        "judge --engine spark",
    ),
    "notify": ("notify --dry-run", "notify --release 1.1.0"),
    "publish": ("publish",),
    "site": ("site", "site --out public"),
    "serve": ("serve", "serve --port 0"),
    "prove": ("prove --report prove.json", "prove --defect ID", "prove --detectors"),
    "rehearse": ("rehearse --scenario healthy", "rehearse --scenario stale-cache --seed 7"),
    "release open": (
        "release open 1.1.0 --commit v1.1.0",
        "release open 1.1.0 --commit HEAD --at 2026-01-31T09:00:00Z",
    ),
    "release withdraw": ("release withdraw 1.1.0",),
    "release record": ('release record --why "the pass rate that the team agreed on"',),
    "release extend": ('release extend --why "the incident of Sunday is open" --by "Ana"',),
    "release checkpoint": (
        "release checkpoint",
        'release checkpoint --sign review-pass-rate --note "two lost jobs" --by "Ana"',
    ),
    "release incident": (
        "release incident",
        'release incident new --severity major --impact "waits of two shops end in time-outs"',
        'release incident INC-1 --state acknowledged --why "on-call has it"',
        'release incident redact INC-1 --why "a token stood in it" --by "Ana"',
    ),
    "release issues": ("release issues", "release issues --release 1.1.0"),
    "release migrate": ("release migrate",),
    "release close": ('release close --why "decided with the team"', "release close --early --why TEXT --carry INC-1"),
    "release backlog": ("release backlog", "release backlog --release 1.1.0 --out docs/handover"),
    "release verify": ("release verify", "release verify 1.1.0"),
    "release decide": ('release decide go-on --why "all five figures hold" --by "Ana"',),
    "evidence verify": ("evidence verify", "evidence verify --release 1.1.0"),
    "evidence compact": ("evidence compact",),
    "evidence export": ("evidence export --ctrf ctrf.json", "evidence export --ctrf ctrf.json --environment loopback"),
    "evidence schema": ("evidence schema --out evidence.schema.json",),
    "sync pull": ("sync pull",),
    "sync push": ("sync push", "sync push --edited"),
    "sync propose": ("sync propose --base main",),
    "sync changed": ("sync changed",),
    "fleet": ("fleet", "fleet --fleet all-teams.toml --json", "fleet --no-judge", "fleet --engine spark"),
    "completion": (
        "completion bash >> ~/.bash_completion",
        'completion zsh > "${fpath[1]}/_atalaya"',
        "completion fish > ~/.config/fish/completions/atalaya.fish",
    ),
}
