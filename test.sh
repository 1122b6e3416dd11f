#!/usr/bin/env bash
# Installs what the suites need and runs every one of them. Ends with one line: N passed, N failed.
#
#   ./test.sh            everything
#   ./test.sh rust       only the suites named: lint rust python e2e go docs
#
# Needs a Rust toolchain, Python 3.10 or newer, and Go; as root on Debian it installs skopeo and docker-registry itself.
set -uo pipefail
cd "$(dirname "$0")"

passed=0
failed=0
missing=()
work=target/test-sh
mkdir -p "$work"
suites=("${@:-all}")

wanted() { [[ " ${suites[*]} " == *" all "* || " ${suites[*]} " == *" $1 "* ]]; }

# check NAME COMMAND...: one step that passes or fails as a whole.
check() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    printf '!! %s failed\n' "$name"
  fi
}

# cargo_tests ARGS...: counts each test of `cargo test`.
cargo_tests() {
  printf '\n== cargo test %s\n' "$*"
  local log=$work/cargo-test.log status=0
  cargo test --locked "$@" 2>&1 | tee "$log" || status=1
  local ok bad
  ok=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$log")
  bad=$(awk '/^test result:/ { n += $6 } END { print n + 0 }' "$log")
  passed=$((passed + ok))
  failed=$((failed + bad))
  # A build that fails runs no test and must still count.
  if [[ $status -ne 0 && $bad -eq 0 ]]; then failed=$((failed + 1)); fi
  if [[ $ok -eq 0 && $bad -eq 0 && $status -eq 0 ]]; then failed=$((failed + 1)); fi
}

# pytests NAME ARGS...: counts each test of pytest, from its JUnit report. A skipped test is a failed one.
pytests() {
  local name=$1
  shift
  printf '\n== pytest %s\n' "$name"
  local report=$work/$name.xml status=0
  rm -f "$report"
  "$work/py/bin/python" -m pytest -q --junitxml="$report" "$@" || status=1
  local counts
  counts=$("$work/py/bin/python" - "$report" <<'PY'
import sys, xml.etree.ElementTree as tree
try:
    suites = list(tree.parse(sys.argv[1]).iter("testsuite"))
except (OSError, tree.ParseError):
    suites = []
count = lambda name: sum(int(suite.get(name, 0)) for suite in suites)
bad = count("failures") + count("errors") + count("skipped")
print(count("tests") - bad, bad)
PY
  )
  local ok=${counts% *} bad=${counts#* }
  passed=$((passed + ok))
  failed=$((failed + bad))
  if [[ ($status -ne 0 || $ok -eq 0) && $bad -eq 0 ]]; then failed=$((failed + 1)); fi
}

have() { command -v "$1" >/dev/null 2>&1; }

install_debian() {
  have apt-get && [[ $(id -u) -eq 0 ]] || return 0
  local packages=()
  have skopeo || packages+=(skopeo)
  have docker-registry || packages+=(docker-registry)
  [[ ${#packages[@]} -gt 0 ]] || return 0
  printf '\n== apt-get install %s\n' "${packages[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
}

install_python() {
  [[ -x $work/py/bin/python ]] || python3 -m venv "$work/py" || return 1
  "$work/py/bin/python" -m pip install -q --disable-pip-version-check -e 'clients/python[dev]'
}

if wanted lint; then
  if cargo fmt --version >/dev/null 2>&1; then check 'cargo fmt' cargo fmt --all --check; else missing+=(rustfmt); fi
  if cargo clippy --version >/dev/null 2>&1; then
    check 'cargo clippy' cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
  else
    missing+=(clippy)
  fi
  check 'cargo doc' env RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items --quiet
fi

if wanted rust; then cargo_tests --workspace; fi

if wanted python || wanted e2e || wanted go; then
  install_debian
  check 'build the daemon' cargo build --locked --quiet
  export ECR_FIXTURE_BIN=$PWD/target/debug/ecr-fixture
  check 'install the Python client' install_python
fi

if wanted python; then
  check 'generated Python is current' "$work/py/bin/python" clients/python/generate.py --check
  check 'ruff' "$work/py/bin/python" -m ruff check clients/python
  check 'mypy' env -C clients/python "../../$work/py/bin/python" -m mypy
  pytests python clients/python/tests
  check '200 tests over 8 workers on one daemon' clients/python/isolation.sh "$work/py/bin/python"
fi

if wanted e2e; then pytests e2e tests/e2e; fi

if wanted go; then
  if have go; then pytests go tests/go; else missing+=(go); failed=$((failed + 1)); fi
fi

for tool in "${missing[@]+"${missing[@]}"}"; do printf '%s is not here; its checks did not run\n' "$tool"; done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
