"""Real exporters, reading a capture and exporting to a port of this machine. Each ends by itself."""
import os
import subprocess

from .case import skip_unless_program

EXPORT_DEADLINE = 90  # seconds; pmacctd takes 4 to 6


def softflowd(capture, port, version, directory, sampling=0, options=()):
    program = skip_unless_program("softflowd")
    pid_file = os.path.join(directory, "softflowd.pid")
    # -a: times are the capture's; -c none: no control socket, without which it would never end.
    command = [program, "-d", "-a", "-r", capture, "-n", f"127.0.0.1:{port}", "-v", str(version), "-p", pid_file,
               "-c", "none", *options]
    if sampling:
        command += ["-s", str(sampling)]
    _run(command, directory)


def nfprobe(capture, port, version, directory, sampling=0):
    _pmacctd(directory, capture, "nfprobe", sampling, f"""
aggregate[a]: src_host, dst_host, src_port, dst_port, proto, tos
nfprobe_receiver[a]: 127.0.0.1:{port}
nfprobe_version[a]: {version}
nfprobe_timeouts[a]: tcp=5:tcp.fin=5:udp=5:icmp=5:general=5:maxlife=3600:expint=5
""")


def sfprobe(capture, port, directory, sampling=1):
    _pmacctd(directory, capture, "sfprobe", sampling, f"""
sfprobe_receiver[a]: 127.0.0.1:{port}
sfprobe_agentip[a]: 192.0.2.254
sfprobe_agentsubid[a]: 3
""")


def _pmacctd(directory, capture, plugin, sampling, settings):
    program = skip_unless_program("pmacctd")
    config = os.path.join(directory, "pmacctd.conf")
    with open(config, "w") as file:
        file.write(f"daemonize: false\npcap_savefile: {capture}\nplugins: {plugin}[a]\n{settings}")
        if sampling:
            file.write(f"sampling_rate: {sampling}\n")
    _run([program, "-f", config], directory)


def _run(command, directory):
    result = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=EXPORT_DEADLINE, check=False)
    output = result.stdout.decode(errors="replace")
    # pmacctd's core and its plugin race when a capture ends: whoever is second calls it a lost connection, status 1.
    if result.returncode != 0 and "no more plugins active" not in output:
        raise AssertionError(f"{os.path.basename(command[0])} ended with {result.returncode}: {output[-2000:]}")
