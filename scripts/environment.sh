# shellcheck shell=bash
# Sourced by run.sh and test.sh: the virtual environment .venv at the root of the repository.
# Functions: say, make_venv, install. Variables: root, venv, venv_python.

root="$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$root/.venv"
venv_python="$venv/bin/python"

# What another environment, or a user's settings, would mix into this one.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX
export PYTHONNOUSERSITE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

say() { # ENGLISH CHINESE
    printf '%s / %s\n' "$1" "$2"
}

make_venv() { # make .venv, unless there is one that works
    local has_pip='import sys, pip; sys.exit(sys.version_info < (3, 11))'
    if "$venv_python" -c "$has_pip" 2>/dev/null; then
        return
    fi
    local python
    python="$(_find_python)" || {
        say "Python 3.11 or later is needed and was not found." "需要 Python 3.11 或更新版本，但没有找到。"
        echo "  Debian 12, Ubuntu 24.04 or later:  apt-get install python3 python3-venv"
        echo "  conda:  conda create -n py311 python=3.11 && conda activate py311"
        return 1
    } >&2
    say "making .venv with $python" "正在创建虚拟环境 .venv"
    "$python" -m venv --clear "$venv" || {
        say "Making .venv failed. If it was for want of ensurepip: apt-get install ${python##*/}-venv" \
            "创建 .venv 失败。若是缺少 ensurepip，请运行 apt-get install ${python##*/}-venv"
        return 1
    } >&2
}

install() { # FILE NOTE_EN NOTE_ZH: let pip install what a list at the root names, again only when it changed
    local list="$root/$1" stamp="$venv/.installed-$1" started_s=$SECONDS
    if [[ -f "$stamp" && "$(<"$stamp")" == "$(_hash "$list")" ]]; then
        return
    fi
    say "installing $1: $2" "正在安装 $1：$3"
    "$venv_python" -m pip install --no-input --progress-bar on --requirement "$list" || {
        say "Installing $1 failed. Run the same command again: what was downloaded is kept." \
            "安装 $1 失败。请再次运行同一命令，已下载的文件会保留。"
        return 1
    } >&2
    _hash "$list" >"$stamp"
    local took_s=$((SECONDS - started_s)) size
    size="$(du -sh "$venv" | cut -f1)"
    say "$1 installed in $took_s s; .venv takes $size" "$1 安装完成，用时 $took_s 秒，.venv 占用 $size"
}

_find_python() { # print a Python that can run the program; fail if there is none
    local name
    for name in python3.11 python3.12 python3.13 python3 python; do
        # Running it, not only finding it: pyenv leaves names on the PATH that lead nowhere.
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

_hash() { # FILE
    "$venv_python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}
