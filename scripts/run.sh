#!/usr/bin/env bash
# Install what is missing into .venv, then start the app:  bash scripts/run.sh [--system-torch] [arguments of app_sensevoice.py]
# --system-torch: use the torch that this machine has already, instead of downloading one; remembered by .venv.
set -euo pipefail

# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

# NVIDIA's table of minor-version compatibility: CUDA 12.x, as in requirements-torch.lock, runs from this driver on.
min_driver=525

main() {
    local system_torch="" device="${SENSEVOICE_DEVICE:-auto}" arguments=()
    while (($#)); do
        case "$1" in
            --system-torch) system_torch="$1" ;;
            *)
                case "$1" in
                    --device) device="${2:-auto}" ;;
                    --device=*) device="${1#*=}" ;;
                esac
                arguments+=("$1")
                ;;
        esac
        shift
    done
    if [[ -z "$system_torch" && "$device" == auto && ! -f "$venv/.installed-requirements-torch.lock" ]] &&
        ! uses_system_torch; then
        check_driver
    fi
    make_venv "$system_torch"
    install_program
    exec "$venv_python" "$root/app_sensevoice.py" "${arguments[@]}"
}

check_driver() { # before gigabytes are downloaded: whether the driver can run them
    local driver
    command -v nvidia-smi >/dev/null || return 0
    driver="$(nvidia_driver)" || {
        say "note: nvidia-smi is here and finds no driver, so everything will run on the CPU" \
            "注意：nvidia-smi 没有找到驱动，将在 CPU 上运行"
        return 0
    }
    if ((${driver%%.*} >= min_driver)); then
        return
    fi
    {
        say "The NVIDIA driver of this machine is $driver; the torch that would be downloaded needs $min_driver or later." \
            "本机的 NVIDIA 驱动是 $driver，将要下载的 torch 需要 $min_driver 或更新的驱动。"
        say "Nothing was downloaded. What works:" "尚未下载任何东西。可以这样做："
        say "  bash scripts/run.sh --system-torch …   the torch that this machine has already" "使用本机已有的 torch"
        say "  bash scripts/run.sh --device cpu …     without the GPU" "不用 GPU"
        say "  or a newer driver, which is the owner's of the machine to install" "或请机器的主人更新驱动"
    } >&2
    exit 1
}

nvidia_driver() { # print the version of the driver; fail if there is none
    local answer
    answer="$(timeout 20 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null)" || return 1
    answer="${answer%%$'\n'*}"
    [[ "$answer" =~ ^[0-9]+(\.[0-9]+)*$ ]] && echo "$answer"
}

main "$@"
