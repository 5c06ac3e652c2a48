# The recipes; `just --list` shows them.

# Everything that must hold before a change lands
check *steps:
    .ci/run {{ steps }}

# A static build of sbg with its checksum, in target/dist
dist:
    packaging/dist
