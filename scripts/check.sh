#!/usr/bin/env bash
# Is it right and fast on this machine? Text and speed beside funasr's own call:  bash scripts/check.sh [--help]
set -euo pipefail

# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

make_venv
install requirements.txt "about 8 GB on disk, a few minutes" "约占 8 GB 磁盘，需要几分钟"

export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
exec "$venv_python" -m sensevoice.cli.check "$@"
