#!/usr/bin/env bash
# Installs what the suites need and runs every one of them. Ends with one line: N passed, N failed.
#
#   ./test.sh            everything
#   ./test.sh rust       only the suites named: lint rust python model e2e crash conformance go sdk clients docs
#
# Needs a Rust toolchain, Python 3.10 or newer, Go, Node.js 20 or newer, and a JDK 17 or newer; as root on Debian it
# installs skopeo, buildah, podman, containerd, docker-registry and Maven itself.
# Nothing is skipped: what cannot run counts as failed.
set -uo pipefail
cd "$(dirname "$0")"

passed=0
failed=0
missing=()
reports=()
work=target/test-sh
mkdir -p "$work"
suites=("${@:-all}")
for suite in "${suites[@]}"; do
  case $suite in
    all | lint | rust | python | model | e2e | crash | conformance | go | sdk | clients | docs) ;;
    *)
      printf 'no suite %s; there are: lint rust python model e2e crash conformance go sdk clients docs\n' "$suite" >&2
      exit 2
      ;;
  esac
done
# Settings of whoever runs this are for other daemons.
unset "${!ECR_FIXTURE_@}"

wanted() { [[ " ${suites[*]} " == *" all "* || " ${suites[*]} " == *" $1 "* ]]; }

have() { command -v "$1" >/dev/null 2>&1; }

# bounded SECONDS COMMAND...: ends a command that hangs. Daemons and upstreams end with the process that started them.
bounded() { if have timeout; then timeout --foreground --kill-after=10 "$@"; else "${@:2}"; fi; }

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
  bounded 3000 cargo test --locked "$@" 2>&1 | tee "$log" || status=1
  reports+=("$log")
  local ok bad
  ok=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$log")
  bad=$(awk '/^test result:/ { n += $6 } END { print n + 0 }' "$log")
  passed=$((passed + ok))
  failed=$((failed + bad))
  # A build that fails runs no test and must still count.
  if [[ $status -ne 0 && $bad -eq 0 ]]; then failed=$((failed + 1)); fi
  if [[ $ok -eq 0 && $bad -eq 0 && $status -eq 0 ]]; then failed=$((failed + 1)); fi
}

# pytests NAME COMMAND...: counts each test of a command that runs pytest, from its JUnit report. A skipped one is failed.
pytests() {
  local name=$1
  shift
  printf '\n== pytest %s\n' "$name"
  local report=$PWD/$work/$name.xml status=0
  rm -f "$report"
  bounded 1500 "$@" -q --junitxml="$report" || status=1
  if [[ -f $report ]]; then reports+=("$report"); fi
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

# install_debian PACKAGE...: needs root on Debian or its like; elsewhere the tests that miss a program say so and fail.
install_debian() {
  if ! have apt-get || [[ $(id -u) -ne 0 ]]; then
    printf 'install these yourself, this is not root on Debian: %s\n' "$*"
    return 1
  fi
  local apt=(bounded 600 env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::http::Timeout=30)
  "${apt[@]}" update </dev/null || printf 'apt-get update failed; trying with the lists that are here\n'
  "${apt[@]}" install -y --no-install-recommends "$@" </dev/null >/dev/null
}

install_python() {
  "$work/py/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$work/py" || return 1
  bounded 900 "$work/py/bin/python" -m pip install -q --disable-pip-version-check -e 'clients/python[dev]'
}

install_model() {
  "$work/model/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$work/model" || return 1
  local pip=("$work/model/bin/python" -m pip install -q --disable-pip-version-check)
  bounded 900 "${pip[@]}" --require-hashes -r tests/model/requirements.lock &&
    bounded 300 "${pip[@]}" --no-deps --no-build-isolation -e clients/python
}

install_sdk_python() {
  "$work/sdk/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$work/sdk" || return 1
  local pip=("$work/sdk/bin/python" -m pip install -q --disable-pip-version-check)
  bounded 900 "${pip[@]}" --require-hashes -r tests/sdk/requirements.lock
}

# These three build, so that all is downloaded and compiled before a test is timed; it builds again, which is quick.
install_sdk_go() {
  bounded 900 env -C tests/sdk/go GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off \
    go build -o "$PWD/target/test-sdk/go/journey" .
}

install_sdk_java() {
  have mvn || install_debian maven || return 1
  bounded 900 env -C tests/sdk/java mvn -q -B --no-transfer-progress compiler:compile dependency:build-classpath
}

install_sdk_rust() { bounded 1200 cargo build --locked --quiet --package ecr-fixture-sdk-journey; }

# The registry clients in Go, those of them that are not here at the version that is pinned. One after the other: each
# fills all cores, and helm brings much of Kubernetes.
install_clients_go() {
  local bin=$PWD/target/test-clients/bin name package version
  mkdir -p "$bin"
  while read -r name package version; do
    if [[ $name == '#' ]] || go version -m "$bin/$name" 2>/dev/null | grep -qE "^\s+mod\s+\S+\s+$version\s"; then continue; fi
    bounded 1500 env GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOWORK=off CGO_ENABLED=0 GOBIN="$bin" \
      go install "$package@$version" || return 1
  done <tests/clients/tools.txt
  bounded 900 env -C tests/clients/go GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off CGO_ENABLED=0 \
    go build -o "$bin/oras-go" .
}

install_clients_python() {
  "$work/clients/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$work/clients" || return 1
  local pip=("$work/clients/bin/python" -m pip install -q --disable-pip-version-check)
  bounded 900 "${pip[@]}" --require-hashes -r tests/clients/requirements.lock
}

install_clients_rust() { bounded 1200 cargo build --locked --quiet --package ecr-fixture-oci-client; }

install_sdk_javascript() { bounded 600 env -C tests/sdk/js npm ci --loglevel=error --no-audit --no-fund; }

if wanted lint; then
  if cargo fmt --version >/dev/null 2>&1; then check 'cargo fmt' cargo fmt --all --check; else missing+=(rustfmt); fi
  if cargo clippy --version >/dev/null 2>&1; then
    check 'cargo clippy' cargo clippy --locked --all-targets --quiet -- -D warnings
    # By itself, as it is built: together, the features of the SDK's dependencies would be the daemon's, too.
    check 'cargo clippy on the journey in Rust' cargo clippy --locked --package ecr-fixture-sdk-journey --quiet -- -D warnings
    check 'cargo clippy on the client in Rust' cargo clippy --locked --package ecr-fixture-oci-client --quiet -- -D warnings
  else
    missing+=(clippy)
  fi
  check 'cargo doc' env RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items --quiet
fi

if wanted rust; then cargo_tests; fi

if wanted python || wanted model || wanted e2e || wanted crash || wanted conformance || wanted docs || wanted go || wanted sdk || wanted clients; then
  packages=()
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  if wanted e2e || wanted docs; then
    have skopeo || packages+=(skopeo)
    have docker-registry || packages+=(docker-registry)
  fi
  if wanted clients; then
    for program in skopeo buildah podman; do have "$program" || packages+=("$program"); done
    have ctr || packages+=(containerd)
  fi
  if [[ ${#packages[@]} -gt 0 ]]; then check "install ${packages[*]}" install_debian "${packages[@]}"; fi
  check 'build the daemon' cargo build --locked --quiet
  export ECR_FIXTURE_BIN=${CARGO_TARGET_DIR:-$PWD/target}/debug/ecr-fixture
  check 'install the Python client' install_python
  python=$PWD/$work/py/bin/python
fi

if wanted python; then
  check 'generated code is current' env PYTHON="$python" scripts/gen --check
  check 'ruff' "$python" -m ruff check clients/python
  check 'ruff format' "$python" -m ruff format --check clients/python
  check 'ruff on the end-to-end tests' "$python" -m ruff check --config clients/python/pyproject.toml tests/e2e tests/go
  check 'mypy' env -C clients/python "$python" -m mypy
  # What boto3 answers has no type.
  check 'mypy on the end-to-end tests' "$python" -m mypy --strict --no-warn-return-any tests/e2e tests/go
  check 'ruff on the SDK journeys' "$python" -m ruff check --config clients/python/pyproject.toml tests/sdk
  check 'ruff format on the SDK journeys' \
    "$python" -m ruff format --check --config clients/python/pyproject.toml tests/sdk
  check 'mypy on the SDK journeys' "$python" -m mypy --strict --no-warn-return-any tests/sdk
  pytests python "$python" -m pytest -n auto clients/python/tests --ignore=clients/python/tests/test_isolation.py
  pytests isolation "$python" clients/python/isolation.py
fi

if wanted model; then
  check 'install what the model suite is pinned to' install_model
  check 'ruff on the model suite' "$python" -m ruff check --config clients/python/pyproject.toml tests/model
  check 'ruff format on the model suite' "$python" -m ruff format --check --config clients/python/pyproject.toml tests/model
  check 'mypy on the model suite' "$python" -m mypy --strict --no-warn-return-any tests/model
  pytests model "$PWD/$work/model/bin/python" -m pytest tests/model
fi

if wanted e2e; then pytests e2e "$python" -m pytest tests/e2e; fi

if wanted crash; then
  check 'ruff on the crash suite' "$python" -m ruff check --config clients/python/pyproject.toml tests/crash
  check 'ruff format on the crash suite' \
    "$python" -m ruff format --check --config clients/python/pyproject.toml tests/crash
  check 'mypy on the crash suite' "$python" -m mypy --strict --no-warn-return-any tests/crash
  # Two hundred daemons start faster from a release build, if there is one of this state.
  daemon=${ECR_FIXTURE_BIN/debug/release}
  [[ $daemon -nt $ECR_FIXTURE_BIN ]] || daemon=$ECR_FIXTURE_BIN
  pytests crash env ECR_FIXTURE_BIN="$daemon" "$python" -m pytest tests/crash
fi

if wanted conformance; then
  check 'ruff on the conformance suite' "$python" -m ruff check --config clients/python/pyproject.toml tests/conformance
  check 'ruff format on the conformance suite' \
    "$python" -m ruff format --check --config clients/python/pyproject.toml tests/conformance
  check 'mypy on the conformance suite' "$python" -m mypy --strict --no-warn-return-any tests/conformance
  if have go; then pytests conformance "$python" -m pytest tests/conformance; else
    missing+=(go)
    failed=$((failed + 1))
  fi
fi

if wanted go; then
  if have go; then pytests go "$python" -m pytest tests/go; else
    missing+=(go)
    failed=$((failed + 1))
  fi
fi

if wanted sdk; then
  check 'install the Python clients of the SDK journeys' install_sdk_python
  check 'install the SDK for JavaScript' install_sdk_javascript
  check 'install the SDK for Go' install_sdk_go
  check 'install the SDK for Java' install_sdk_java
  check 'install the SDK for Rust' install_sdk_rust
  pytests sdk "$python" -m pytest tests/sdk
fi

if wanted clients; then
  check 'ruff on the registry clients' "$python" -m ruff check --config clients/python/pyproject.toml tests/clients
  check 'ruff format on the registry clients' \
    "$python" -m ruff format --check --config clients/python/pyproject.toml tests/clients
  check 'mypy on the registry clients' env MYPYPATH=tests/e2e "$python" -m mypy --strict --no-warn-return-any tests/clients
  check 'install the registry client in Python' install_clients_python
  check 'install the registry client in Rust' install_clients_rust
  if have go; then
    check 'gofmt and go vet on the registry client in Go' env -C tests/clients/go GOTOOLCHAIN=local GOWORK=off \
      bash -c '[[ -z $(gofmt -l .) ]] && go vet .'
    check 'install the registry clients in Go' install_clients_go
    pytests clients "$python" -m pytest tests/clients
  else
    missing+=(go)
    failed=$((failed + 1))
  fi
fi

if wanted docs; then pytests docs "$python" -m pytest tests/docs; fi

# Which behaviours of ECR the tests that passed have proved.
if [[ ${#reports[@]} -gt 0 ]]; then
  printf '\n'
  python3 scripts/rows "${reports[@]}"
fi

for tool in "${missing[@]+"${missing[@]}"}"; do printf '%s is not here; its checks did not run\n' "$tool"; done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
