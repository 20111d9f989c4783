"""What the integration tests share: the daemon, a broker, exporters, and a second opinion on what was sent."""
import os

# Debian keeps exporters, switches and what mounts where only root's PATH looks, and not that of a root by `su`.
os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
