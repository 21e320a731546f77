"""The subcommands of `softbalance`, a module each with a click command named `command`."""
