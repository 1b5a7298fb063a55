#!/usr/bin/env bash
# Install what is missing into .venv, then start the app:  bash scripts/run.sh [arguments of app_sensevoice.py]
set -euo pipefail

# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

make_venv
install requirements.txt "about 8 GB on disk, a few minutes" "约占 8 GB 磁盘，需要几分钟"

exec "$venv_python" "$root/app_sensevoice.py" "$@"
