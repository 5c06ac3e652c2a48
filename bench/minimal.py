"""The least that a program does with the client: it asks who it is. Its start is what every program pays."""

import sevenbridges

print(sevenbridges.Api().users.me().username)
