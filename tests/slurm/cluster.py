"""A private Slurm on this machine: munge, slurmctld and a slurmd per virtual node, as root, on the loopback device only.

Every node has its own UTS and mount namespace: its own host name, /etc/hosts and /dev/shm, since Open MPI takes
processes of equal host names for neighbours in shared memory. Nothing outside one temporary folder is written."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PROGRAMS = ["slurmctld", "slurmd", "srun", "sbatch", "scontrol", "munged", "unshare", "nsenter"]


def missing():
    """What this machine lacks for a cluster, or ''."""
    if os.geteuid() != 0:
        return "root"
    absent = [p for p in PROGRAMS if not shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if absent:
        return ", ".join(absent)
    probe = subprocess.run(["unshare", "--uts", "--mount", "hostname", "probe"], capture_output=True)
    return "" if probe.returncode == 0 else "namespaces"


def free_ports(count):
    """The first of `count` neighbouring ports that nobody uses."""
    for first in range(21000 + os.getpid() % 97 * 100, 32000, 100):
        sockets = []
        try:
            for port in range(first, first + count):
                s = socket.socket()
                sockets.append(s)
                s.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise RuntimeError("no free ports")


def state_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "gone"


class Cluster:
    def __init__(self, nodes, cores):
        self.folder = tempfile.mkdtemp(prefix="twostep-slurm-")
        os.chmod(self.folder, 0o755)
        self.nodes = [f"node{i}" for i in range(1, nodes + 1)]
        self.cores = cores
        self.daemons = {}
        for name in ("etc", "state", "log", "munge", "pid", "tmp"):
            os.mkdir(self.path(name))
        self.env = dict(os.environ, SLURM_CONF=self.path("etc", "slurm.conf"), OMP_NUM_THREADS="1",
                        OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                        OMPI_MCA_oob_tcp_if_include="lo", OMPI_MCA_btl_tcp_if_include="lo",
                        OMPI_MCA_mpi_yield_when_idle="1", OMPI_MCA_hwloc_base_binding_policy="none",
                        PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
        for name in [n for n in self.env if n.startswith("SLURM_") and n != "SLURM_CONF"]:
            del self.env[name]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def configuration(self, port):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
        at = self.path
        settings = [
            "ClusterName=test", "SlurmctldHost=ctl(127.0.0.1)", "SlurmUser=root", "SlurmdUser=root",
            "AuthType=auth/munge", "CredType=cred/munge",
            # A requeued job waits until its old credentials have expired.
            f"AuthInfo=socket={at('munge', 'socket')},cred_expire=5",
            f"SlurmctldPort={port}", f"SrunPortRange={port + 20}-{port + 79}",
            "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny",
            f"StateSaveLocation={at('state')}", f"SlurmdSpoolDir={at('spool')}.%n", f"TmpFS={at('tmp')}.%n",
            f"SlurmctldPidFile={at('pid', 'slurmctld')}", f"SlurmdPidFile={at('pid', 'slurmd')}.%n",
            f"SlurmctldLogFile={at('log', 'slurmctld.log')}", f"SlurmdLogFile={at('log', 'slurmd')}.%n.log",
            "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "SwitchType=switch/none",
            "MpiDefault=none", "JobAcctGatherType=jobacct_gather/none",
            "AccountingStorageType=accounting_storage/none", "JobCompType=jobcomp/none",
            "SelectType=select/cons_tres", "SelectTypeParameters=CR_CPU", "SlurmdParameters=config_overrides",
            "SchedulerType=sched/backfill",
            "SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=5,bf_interval=2",
            "ReturnToService=2", "SlurmctldTimeout=30", "SlurmdTimeout=10", "TCPTimeout=2", "MessageTimeout=10",
            "InactiveLimit=0", "KillWait=5", "OverTimeLimit=0", "MinJobAge=600", "JobRequeue=1"]
        for i, name in enumerate(self.nodes, 1):
            settings.append(f"NodeName={name} NodeHostname={name} NodeAddr=127.0.0.1 Port={port + i} Sockets=1 "
                            f"CoresPerSocket={self.cores} ThreadsPerCore=1 RealMemory={memory * 9 // 10} State=UNKNOWN")
        settings.append("PartitionName=main Nodes=ALL Default=YES MaxTime=UNLIMITED State=UP OverSubscribe=NO")
        return "\n".join(settings) + "\n"

    def start(self):
        with open(self.path("etc", "slurm.conf"), "w") as file:
            file.write(self.configuration(free_ports(80)))
        with open(self.path("etc", "hosts"), "w") as file:
            file.write("127.0.0.1 localhost ctl\n" + "".join(f"127.0.0.1 {n}\n" for n in self.nodes))
        with open(self.path("munge", "key"), "wb") as file:
            file.write(os.urandom(1024))
        os.chmod(self.path("munge", "key"), 0o400)
        os.chmod(self.path("munge"), 0o755)
        munge = [f"--{name}={self.path('munge', name.split('-')[0])}"
                 for name in ("key-file", "socket", "pid-file", "log-file", "seed-file")]
        subprocess.run(["munged", *munge, "--num-threads=2"], check=True, env=self.env)
        with open(self.path("munge", "pid")) as file:
            self.daemons["munged"] = int(file.read())
        self.spawn("ctl", ["slurmctld", "-i", "-D"])
        for name in self.nodes:
            self.start_node(name)
        self.wait(lambda: len(self.idle()) == len(self.nodes), "all nodes idle", 30)

    def start_node(self, name):
        os.makedirs(self.path(f"spool.{name}"), exist_ok=True)
        os.makedirs(self.path(f"tmp.{name}"), exist_ok=True)
        self.spawn(name, ["slurmd", "-N", name, "-D"])

    def spawn(self, host, command):
        """A daemon in the foreground, in namespaces of its own; the shell becomes the daemon."""
        inside = (f"hostname {host} && mount --bind {self.path('etc', 'hosts')} /etc/hosts && "
                  "mount -t tmpfs -o mode=1777 none /dev/shm && exec \"$@\"")
        with open(self.path("log", f"{host}.out"), "a") as log:
            child = subprocess.Popen(["unshare", "--uts", "--mount", "--propagation", "private", "--", "sh", "-c",
                                      inside, "sh", *command], env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=log, start_new_session=True)
        self.daemons[host] = child.pid
        self.children = getattr(self, "children", []) + [child]

    def run(self, *command, check=True, cwd=None, env=None, timeout=60):
        done = subprocess.run(command, env=dict(self.env, **(env or {})), cwd=cwd, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def on_login(self, *command, **options):
        """A command on the cluster's login node, whose name all nodes know (srun needs that)."""
        return self.run("nsenter", "-t", str(self.daemons["ctl"]), "-u", "-m", f"--wd={options.get('cwd') or '/'}", "--",
                        *command, **options)

    def idle(self):
        done = self.run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N", check=False)
        return set(done.stdout.split()) if done.returncode == 0 else set()

    def job(self, number):
        """What scontrol says about a job, or {} once it is forgotten."""
        done = self.run("scontrol", "-o", "show", "job", str(number), check=False)
        first = done.stdout.splitlines()[0] if done.stdout else ""
        return dict(part.split("=", 1) for part in first.split() if "=" in part)

    def processes(self, name):
        """All processes that live on a node."""
        space = os.readlink(f"/proc/{self.daemons[name]}/ns/uts")
        assert space != os.readlink("/proc/self/ns/uts")
        found = []
        for entry in glob.glob("/proc/[0-9]*"):
            try:
                if os.readlink(entry + "/ns/uts") == space:
                    found.append(int(os.path.basename(entry)))
            except OSError:
                pass
        return found

    def crash(self, name):
        """The power of one node fails."""
        for pid in self.processes(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        del self.daemons[name]

    @staticmethod
    def wait(condition, what, seconds):
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}")
            time.sleep(0.1)

    def stop(self):
        self.run("scancel", "-u", "root", check=False)
        time.sleep(0.2)
        for name in list(self.daemons):
            pids = [self.daemons[name]] if name == "munged" else self.processes_or_none(name)
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for child in getattr(self, "children", []):
            child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes_or_none(self, name):
        try:
            return self.processes(name)
        except (OSError, AssertionError):
            return []
