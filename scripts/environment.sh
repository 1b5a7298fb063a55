# shellcheck shell=bash
# Sourced by run.sh, test.sh and lock.sh: the virtual environment .venv at the root of the repository.
# Functions: say, make_venv, install, install_program, find_uv, run_uv. Variables: root, venv, venv_python, all_locks.

root="$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$root/.venv"
venv_python="$venv/bin/python"
all_locks=(requirements-torch.lock requirements.lock requirements-dev.lock requirements-uv.lock)

# What another environment, or a user's settings, would mix into this one.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX
unset PYTHONDONTWRITEBYTECODE # or each start would compile gradio, torch and the rest anew
export PYTHONNOUSERSITE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

say() { # ENGLISH CHINESE
    printf '%s / %s\n' "$1" "$2"
}

make_venv() { # [--system-torch]: make .venv, unless there is one that works; with the torch of the system if asked to
    local has_pip='import sys, pip; sys.exit(sys.version_info < (3, 11))'
    if "$venv_python" -c "$has_pip" 2>/dev/null && { [[ -z "${1:-}" ]] || uses_system_torch; }; then
        return
    fi
    local python options=(--clear)
    if [[ -n "${1:-}" ]]; then
        python="$(_find_python "$root/scripts/system_torch.py" find)" || {
            say "--system-torch: no Python 3.11 or later with torch was found on this machine." \
                "--system-torch：本机没有找到带 torch 的 Python（3.11 或更新版本）。"
            return 1
        } >&2
        options+=(--system-site-packages)
    else
        python="$(_find_python -c 'import sys; sys.exit(sys.version_info < (3, 11))')" || {
            say "Python 3.11 or later is needed and was not found." "需要 Python 3.11 或更新版本，但没有找到。"
            echo "  Debian 12, Ubuntu 24.04 or later:  apt-get install python3 python3-venv"
            echo "  conda:  conda create -n py311 python=3.11 && conda activate py311"
            return 1
        } >&2
    fi
    say "making .venv with $python" "正在创建虚拟环境 .venv"
    "$python" -m venv "${options[@]}" "$venv" || {
        say "Making .venv failed. If it was for want of ensurepip: apt-get install ${python##*/}-venv" \
            "创建 .venv 失败。若是缺少 ensurepip，请运行 apt-get install ${python##*/}-venv"
        return 1
    } >&2
    if [[ -n "${1:-}" ]]; then
        _see_torch_of "$python"
    fi
}

uses_system_torch() { # whether .venv was made with --system-torch
    grep -qi '^include-system-site-packages *= *true' "$venv/pyvenv.cfg" 2>/dev/null
}

install_program() { # install what the program needs, if a list changed
    if uses_system_torch; then
        install "about 2 GB on disk, a minute" "约占 2 GB 磁盘，需要一分钟" requirements.lock && _match_torchaudio
    else
        install "about 8 GB on disk, a few minutes" "约占 8 GB 磁盘，需要几分钟" \
            requirements-torch.lock requirements.lock
    fi
}

install() { # NOTE_EN NOTE_ZH LOCK...: let uv, or else pip, install locks, those that changed since
    local note_en="$1" note_zh="$2" lock missing=() started_s=$SECONDS size
    shift 2
    for lock in "$@"; do
        _is_installed "$lock" || missing+=("$lock")
    done
    if ((${#missing[@]} == 0)); then
        return
    fi
    say "installing ${missing[*]}: $note_en" "正在安装：$note_zh"
    # The locks are complete, so nothing else is looked for; every file has to be one of those that were recorded.
    _install_files --no-deps --require-hashes "${missing[@]/#/--requirement=$root/}" || {
        say "Installing ${missing[*]} failed. Run the same command again: what was downloaded is kept." \
            "安装失败。请再次运行同一命令，已下载的文件会保留。"
        return 1
    } >&2
    for lock in "${missing[@]}"; do
        _note_installed "$lock"
    done
    rm -rf -- "$venv/.uv-cache"
    size="$(du -sh "$venv" | cut -f1)"
    say "installed in $((SECONDS - started_s)) s; .venv takes $size" \
        "安装完成，用时 $((SECONDS - started_s)) 秒，.venv 占用 $size"
}

find_uv() { # print the path of uv, which pip installs into .venv; fail if it cannot
    local uv="$venv/bin/uv" lock=requirements-uv.lock
    if [[ ! -x "$uv" ]] || ! _is_installed "$lock"; then
        "$venv_python" -m pip install --quiet --no-input --no-deps --require-hashes --requirement "$root/$lock" >&2 ||
            return 1
        _note_installed "$lock"
    fi
    echo "$uv"
}

run_uv() { # UV [--index-only] [ARGUMENT]...: run it with pip's settings, which it does not read itself
    local uv="$1" only=()
    shift
    if [[ "${1:-}" == --index-only ]]; then
        only=("$1")
        shift
    fi
    (
        settings="$("$venv_python" "$root/scripts/pip_settings.py" "${only[@]}")" || exit 1
        eval "$settings"
        export UV_PYTHON_DOWNLOADS=never
        if [[ -z "${UV_CACHE_DIR:-}" ]] && ! _same_disk "${XDG_CACHE_HOME:-${HOME:-}/.cache}" "$venv"; then
            # Files cannot be linked from there, and rented machines have little room on the disk of the system.
            export UV_CACHE_DIR="$venv/.uv-cache"
        fi
        exec "$uv" "$@"
    )
}

_install_files() { # [ARGUMENT]...: pip's arguments, to uv or else to pip
    local uv
    if uv="$(find_uv)" && run_uv "$uv" pip install --python "$venv_python" "$@"; then
        return
    fi
    say "uv did not manage it; trying pip" "uv 未能完成，改用 pip" >&2
    "$venv_python" -m pip install --no-input --progress-bar on "$@"
}

_match_torchaudio() { # the system's torch is one that will do, and torchaudio of the same version is there
    local stamp="$venv/.checked-system-torch" torchaudio
    torchaudio="$("$venv_python" "$root/scripts/system_torch.py" torchaudio)" || return
    if [[ -n "$torchaudio" ]]; then
        say "installing $torchaudio, for the torch of the system" "正在安装与系统 torch 匹配的 $torchaudio"
        _install_files --no-deps "$torchaudio" || return
    fi
    if [[ ! -f "$stamp" || -n "$torchaudio" ]]; then
        "$venv_python" "$root/scripts/system_torch.py" check || return
        : >"$stamp"
    fi
}

_see_torch_of() { # PYTHON: also where it is itself of a virtual environment, whose packages another does not see
    local folder site
    if "$venv_python" "$root/scripts/system_torch.py" find >/dev/null; then
        return
    fi
    folder="$("$1" "$root/scripts/system_torch.py" find)"
    site="$("$venv_python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    echo "$folder" >"$site/system-torch.pth"
}

_find_python() { # ARGUMENT...: print the first Python that runs these arguments well; fail if there is none
    local name
    for name in python3.11 python3.12 python3.13 python3 python; do
        # Running it, not only finding it: pyenv leaves names on the PATH that lead nowhere.
        if "$name" "$@" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

_is_installed() { # LOCK: it is what was installed last
    (cd -- "$root" && sha256sum --check --status -- "$venv/.installed-$1" 2>/dev/null)
}

_note_installed() { # LOCK
    (cd -- "$root" && sha256sum -- "$1" >"$venv/.installed-$1")
}

_same_disk() { # FOLDER FOLDER
    local first second
    first="$(stat --format=%d -- "$1" 2>/dev/null)" && second="$(stat --format=%d -- "$2" 2>/dev/null)" &&
        [[ "$first" == "$second" ]]
}
