"""What the integration tests share: the daemon, a broker, exporters, and a second opinion on what was sent."""
