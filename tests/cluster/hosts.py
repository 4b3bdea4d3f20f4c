"""Several "hosts" on one machine, as root: network, UTS and mount namespaces with their own addresses, host names and sshd,
on a bridge in a namespace of its own. Nothing is added to the machine's own network."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAMS = ["ip", "unshare", "nsenter", "ssh", "ssh-keygen", "sshd"]
SEARCH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def missing():
    """What this machine lacks, or ''."""
    if os.geteuid() != 0:
        return "root"
    absent = [p for p in PROGRAMS if not shutil.which(p, path=SEARCH)]
    if absent:
        return ", ".join(absent)
    probe = subprocess.run(["unshare", "--net", "--uts", "--mount", "hostname", "probe"], capture_output=True)
    return "" if probe.returncode == 0 else "namespaces"


class Hosts:
    """hosts: {"h1": slots, ...}; on each of them private folders are hidden from the others."""

    def __init__(self, hosts, private=()):
        self.slots = hosts
        self.private = list(private)
        self.folder = tempfile.mkdtemp(prefix="twostep-hosts-")
        os.chmod(self.folder, 0o755)
        self.holders = {}
        self.children = []

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def call(self, *command, **options):
        return subprocess.run(command, check=True, capture_output=True, text=True,
                              env=dict(os.environ, PATH=SEARCH), **options)

    def hold(self, name, script):
        """Namespaces that live as long as a sleeping process in them."""
        child = subprocess.Popen(["unshare", "--net", "--uts", "--mount", "--propagation", "private", "--", "sh", "-c",
                                  script + "; echo ready; exec sleep infinity"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                 env=dict(os.environ, PATH=SEARCH), start_new_session=True)
        if child.stdout.readline() != "ready\n":
            raise RuntimeError(f"no namespaces for {name}")
        self.children.append(child)
        self.holders[name] = child.pid

    def inside(self, name):
        return ["nsenter", "-t", str(self.holders[name]), "-n", "-u", "-m", f"--wdns={os.getcwd()}", "--"]

    def start(self):
        for key in ("hostkey", "id"):
            self.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(key))
        shutil.copy(self.path("id.pub"), self.path("authorized"))
        os.makedirs("/run/sshd", exist_ok=True)
        addresses = {name: f"10.77.0.{i}" for i, name in enumerate(self.slots, 1)}
        with open(self.path("hosts"), "w") as file:
            file.write("127.0.0.1 localhost\n" + "".join(f"{a} {n}\n" for n, a in addresses.items()))
        with open(self.path("ssh_config"), "w") as file:
            file.write(f"Host *\n  User root\n  IdentityFile {self.path('id')}\n  IdentitiesOnly yes\n"
                       "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n")
        with open(self.path("hostfile"), "w") as file:
            file.write("".join(f"{n} slots={s}\n" for n, s in self.slots.items()))
        self.hold("switch", "ip link add br0 type bridge && ip link set br0 up")
        for i, (name, address) in enumerate(addresses.items(), 1):
            hide = "".join(f" && mkdir -p {p} && mount -t tmpfs -o mode=755 none {p}" for p in self.private)
            self.hold(name, f"hostname {name} && mount --bind {self.path('hosts')} /etc/hosts && "
                            f"mount -t tmpfs -o mode=1777 none /dev/shm{hide}")
            switch = ["nsenter", "-t", str(self.holders["switch"]), "-n", "--"]
            self.call(*switch, "ip", "link", "add", f"v{i}", "type", "veth", "peer", "name", "eth0", "netns",
                      str(self.holders[name]))
            self.call(*switch, "ip", "link", "set", f"v{i}", "master", "br0", "up")
            for command in (f"ip addr add {address}/24 dev eth0", "ip link set eth0 up", "ip link set lo up"):
                self.call(*self.inside(name), *command.split())
            with open(self.path(f"sshd.{name}"), "w") as file:
                file.write(f"Port 22\nListenAddress {address}\nHostKey {self.path('hostkey')}\nPidFile none\n"
                           f"AuthorizedKeysFile {self.path('authorized')}\nPermitRootLogin prohibit-password\n"
                           "PasswordAuthentication no\nUsePAM no\nStrictModes no\nMaxStartups 100\n")
            self.call(*self.inside(name), shutil.which("sshd", path=SEARCH), "-f", self.path(f"sshd.{name}"))

    def environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "SLURM_"))}
        env.update(PATH=SEARCH, OMP_NUM_THREADS="1", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                   OMPI_MCA_plm_rsh_agent=f"ssh -F {self.path('ssh_config')}", OMPI_MCA_mpi_yield_when_idle="1",
                   OMPI_MCA_hwloc_base_binding_policy="none")
        return env

    def run(self, name, *command, cwd, timeout=120):
        return subprocess.run(["nsenter", "-t", str(self.holders[name]), "-n", "-u", "-m", f"--wdns={cwd}", "--", *command],
                              cwd=cwd, env=self.environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout)

    def processes(self, name):
        space = os.readlink(f"/proc/{self.holders[name]}/ns/net")
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/net") == space:
                    found.append(int(entry))
            except OSError:
                pass
        return found

    def cut(self, name):
        """The network cable of a host is pulled: nobody is told."""
        index = list(self.slots).index(name) + 1
        self.call("nsenter", "-t", str(self.holders["switch"]), "-n", "--", "ip", "link", "set", f"v{index}", "down")

    def stop(self):
        for name in list(self.holders):
            for pid in self.processes(name):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for child in self.children:
            child.wait()
            child.stdout.close()
        time.sleep(0.1)
        shutil.rmtree(self.folder, ignore_errors=True)
