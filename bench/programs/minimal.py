"""A minimal program: one call. Every program has at least this startup time."""

import sevenbridges

print(sevenbridges.Api().users.me().username)
