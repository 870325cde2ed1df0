"""One job = one folder + one child process: what to do, what happened, how it stands."""
