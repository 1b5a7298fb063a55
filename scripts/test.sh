#!/usr/bin/env bash
# Install what is missing, then check style and types and run the tests:  bash scripts/test.sh [arguments of pytest]
# Without arguments all tests run, and their coverage counts. Exit code 0: everything passed.
# --fast: for the daily loop, without the tests that are slow (a marker), need a browser or reference material.
set -euo pipefail

# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

failed=()

main() {
    [[ "${1:-}" == --fast ]] || install_system_packages
    make_venv
    install_program
    install "tools of the tests" "测试工具" requirements-dev.lock

    cd -- "$root"
    check "format / 格式" ruff format --check .
    check "style / 代码规范" ruff check .
    check "types / 类型" mypy --strict sensevoice app_sensevoice.py scripts
    if [[ "${1:-}" == --fast ]]; then
        export SENSEVOICE_REFERENCE=/nonexistent
        check "tests / 测试" pytest -m "not slow" --ignore=tests/browser --ignore=tests/hostile "${@:2}"
    elif (($#)); then
        check "tests / 测试" pytest "$@" # a part of the tests covers a part of the code
    else
        # Two at a time: much of their time they wait for programs and browsers to start. A file stays together.
        check "tests / 测试" pytest --cov --numprocesses 2 --dist loadfile --durations 25
    fi
    finish
}

check() { # TITLE MODULE [ARGUMENT]...: run a Python module; remember a failure and go on
    local title="$1" started_s=$SECONDS result="ok"
    shift
    printf '\n== %s: %s\n' "$title" "$*"
    if ! "$venv_python" -m "$@"; then
        result="FAILED / 失败"
        failed+=("$title")
    fi
    printf '== %s: %s, %d s\n' "$title" "$result" "$((SECONDS - started_s))"
}

finish() {
    echo
    if ((${#failed[@]})); then
        printf 'FAILED / 失败: %s\n' "${failed[@]}"
        exit 1
    fi
    say "all passed in $SECONDS s" "全部通过，用时 $SECONDS 秒"
}

install_system_packages() { # what only the tests use; those that need a missing program skip themselves
    local missing=() package started_s=$SECONDS
    command -v chromium >/dev/null || missing+=(chromium)
    command -v espeak-ng >/dev/null || missing+=(espeak-ng)
    command -v ffmpeg >/dev/null || missing+=(ffmpeg)
    command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]] || missing+=(nginx)
    command -v sox >/dev/null || missing+=(sox)
    compgen -G "/usr/share/fonts/*/*/NotoSansCJK*" >/dev/null || missing+=(fonts-noto-cjk)
    if ((${#missing[@]} == 0)); then
        return
    fi
    if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
        say "not here, so some tests are skipped: ${missing[*]}; to install: sudo apt-get install ${missing[*]}" \
            "缺少以上软件，部分测试会跳过；可用此命令安装"
        return
    fi

    say "installing with apt-get: ${missing[*]}" "正在用 apt-get 安装"
    as_root apt-get update -qq || true # an outdated list may still do
    for package in "${missing[@]}"; do # one by one: Ubuntu has no chromium, which must not cost the others
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" ||
            say "$package could not be installed; the tests that need it are skipped" "$package 未能安装，相关测试会跳过"
    done
    say "apt-get took $((SECONDS - started_s)) s" "apt-get 用时 $((SECONDS - started_s)) 秒"
}

as_root() { # COMMAND [ARGUMENT]...: run it as root, without asking for a password
    if ((EUID)); then
        sudo -n "$@"
    else
        "$@"
    fi
}

main "$@"
