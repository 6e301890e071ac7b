"""What `tiangong bench` runs: figures that are measured on the real thing."""
