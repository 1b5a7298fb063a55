#!/usr/bin/env bash
# Renew requirements*.lock from requirements*.txt; versions change only where the lists ask for it:
#   bash scripts/lock.sh              after a change of a list
#   bash scripts/lock.sh --upgrade    to the newest versions the lists allow (other options of `uv pip compile` too)
#   bash scripts/lock.sh --check      change nothing; fail if a lock is out of date or cannot be installed
set -euo pipefail

# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
pythons=(3.11 3.12)
platforms=(x86_64-manylinux_2_28 aarch64-manylinux_2_28)

main() {
    make_venv
    local uv
    uv="$(find_uv)" || {
        say "uv is needed for this and could not be installed." "此命令需要 uv，但未能安装。"
        return 1
    } >&2
    cp -- "$root"/requirements*.txt "$work"
    for lock in "${all_locks[@]}"; do
        [[ ! -f "$root/$lock" ]] || cp -- "$root/$lock" "$work" # so that what is in it is kept where possible
    done
    if [[ "${1:-}" == --check ]]; then
        compile_all
        check
    else
        compile_all "$@"
        for lock in "${all_locks[@]}"; do
            cp -- "$work/$lock" "$root/$lock"
        done
    fi
}

compile_all() { # [OPTION]...
    cd -- "$work"
    # Without torch and torchaudio, and so without what only they bring: other builds can take their place.
    printf '%s\n' torch torchaudio >without.txt
    # Resemblyzer's code is not run: webrtcvad would have to be built, typing is of Python 2, librosa comes with funasr.
    printf '%s\n' torch torchaudio librosa webrtcvad typing >without-dev.txt
    grep -E '^torch(audio)?==' requirements.txt >requirements-torch.txt
    echo uv >requirements-uv.txt
    compile requirements.lock requirements.txt --excludes without.txt "$@"
    compile requirements-torch.lock requirements-torch.txt --constraints requirements.lock "$@"
    compile requirements-dev.lock requirements-dev.txt --constraints requirements.lock --excludes without-dev.txt "$@"
    compile requirements-uv.lock requirements-uv.txt "$@"
}

compile() { # LOCK LIST [OPTION]...
    local lock="$1" list="$2"
    shift 2
    # For every Python from 3.11 on, with markers where they differ; no index is named, so that any mirror will do.
    # Only from the index itself: a local folder of wheels would leave out the hashes of all other files.
    run_uv "$uv" --index-only pip compile "$list" --output-file "$lock" --quiet --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "bash scripts/lock.sh" "$@"
    say "$lock: $(grep -c '==' "$lock") packages" "$(grep -c '==' "$lock") 个包"
}

check() { # the locks are those the lists ask for, and can be installed with each Python
    local lock python platform failed=0
    for lock in "${all_locks[@]}"; do
        diff -u -- "$root/$lock" "$work/$lock" || failed=1
    done
    if ((failed)); then
        say "out of date; run: bash scripts/lock.sh" "锁文件已过期，请运行 bash scripts/lock.sh" >&2
        return 1
    fi
    for python in "${pythons[@]}"; do
        for platform in "${platforms[@]}"; do
            run_uv "$uv" --index-only pip install --dry-run --quiet --target "$work/nothing" --require-hashes \
                --excludes <(printf '%s\n' webrtcvad typing) \
                --python-version "$python" --python-platform "$platform" "${all_locks[@]/#/--requirements=}"
            say "Python $python, $platform: resolves" "可安装"
        done
    done
}

main "$@"
