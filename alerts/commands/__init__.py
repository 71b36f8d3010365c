"""What the verbs of the command line do. The only package of `alerts` that may start anything of `streams`."""
