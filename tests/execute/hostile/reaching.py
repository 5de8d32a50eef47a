"""Notebooks that try to get at something outside. The names in capitals are of ``attacks``."""

from tests.execute.hostile.notebook import Reach

LIBC = "libc = ctypes.CDLL(None, use_errno=True)\n"

FILES = {
    "read the results of the class": Reach(code="assert open(RESULTS).read()"),
    "list the folder of another submission": Reach(code="assert os.listdir(SIBLING)"),
    "read through a link": Reach(
        code="os.symlink(os.path.dirname(SECRET), 'link')\n"
        "assert open('link/secret.txt').read() == 'secret'"
    ),
    "read through a hard link": Reach(
        code="os.link(SECRET, os.environ['HOME'] + '/hard')\n"
        "assert open(os.environ['HOME'] + '/hard').read()"
    ),
    "read through the root of its own process": Reach(
        code="assert open('/proc/self/root' + SECRET).read() == 'secret'"
    ),
    "read through the root of another process": Reach(
        code="assert open(f'/proc/{VICTIM}/root' + SECRET).read() == 'secret'"
    ),
    "read by way of ..": Reach(
        code="assert open(os.getcwd() + '/..' * 40 + SECRET).read() == 'secret'"
    ),
    "run a program that reads": Reach(
        code="import subprocess\n"
        "assert subprocess.run(['cat', SECRET], capture_output=True).stdout == b'secret'"
    ),
    "change times outside": Reach(
        code="before = os.stat(SECRET).st_mtime\nos.utime(SECRET, (1, before - 1))\n"
        "assert os.stat(SECRET).st_mtime != before"
    ),
    "change extended attributes outside": Reach(
        code="value = os.urandom(8)\nos.setxattr(os.path.dirname(SECRET), 'user.x', value)\n"
        "assert os.getxattr(os.path.dirname(SECRET), 'user.x') == value"
    ),
    "change the mode of an open file": Reach(
        code="fd = os.open(os.environ['HF_HUB_CACHE'], os.O_RDONLY)\n"
        "mode = os.fstat(fd).st_mode\n"
        "os.fchmod(fd, mode ^ 1)\nassert os.fstat(fd).st_mode != mode\nos.fchmod(fd, mode)"
    ),
    "change the flags of an open file": Reach(
        code="import fcntl\nfd = os.open(os.environ['HF_HUB_CACHE'], os.O_RDONLY)\n"
        "flags = fcntl.ioctl(fd, 0x80086601, bytes(8))\n"
        "fcntl.ioctl(fd, 0x40086602, flags)",
        control="nobody",
    ),
    "truncate outside": Reach(code="os.truncate(SPARE, 0)"),
    "rename outside": Reach(
        code="os.rename(SPARE, SPARE + '.moved')\nos.rename(SPARE + '.moved', SPARE)"
    ),
    "remove another submission": Reach(code="os.rmdir(SIBLING + '/spare')"),
    "watch a folder outside": Reach(
        code=LIBC + "assert libc.inotify_add_watch(libc.inotify_init(), "
        "os.path.dirname(SECRET).encode(), 0xfff) > 0"
    ),
    "lock a file outside": Reach(
        code="import fcntl\nfcntl.flock(open(SECRET), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    ),
    "read the environment of process 1": Reach(
        code="assert 'OPERATOR' in open('/proc/1/environ').read()", control="nobody"
    ),
    "read the log of the machine": Reach(
        code="assert open('/dev/kmsg', 'rb', buffering=0).read(100)", control="nobody"
    ),
    "read a disk": Reach(
        code="import glob\n"
        "assert [open(p, 'rb') for p in glob.glob('/dev/[sv]d[a-z]') + glob.glob('/dev/nvme*')]",
        control="nobody",
    ),
    "write a file larger than allowed": Reach(
        code="with open('sparse', 'wb') as file: file.truncate(3 << 30)", control="nobody"
    ),
    "change what the machine is set to": Reach(
        code="open('/proc/sys/kernel/core_pattern', 'w').write('|/bin/sh')", control="nobody"
    ),
    "change its own control group": Reach(
        code="import glob\n"
        "for path in glob.glob('/sys/fs/cgroup/**/cgroup.procs', recursive=True):\n"
        "    open(path, 'w').write(str(os.getpid())); break\n"
        "else: raise OSError",
        control="nobody",
    ),
    "reach the event streams of the supervisor": Reach(
        code="import glob\n"
        "opened = []\n"
        "for path in glob.glob(f'/proc/{SUPERVISOR}/fd/*'):\n"
        "    try:\n"
        "        if 'pipe' in os.readlink(path):\n"
        "            opened.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))\n"
        "    except OSError: pass\n"
        "assert opened"
    ),
}

NETWORK = {
    "talk to itself over loopback": Reach(
        code="server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname(), 2)"
    ),
    "connect by IPv6": Reach(code="socket.create_connection(TCP6[:2], 2)"),
    "connect by TCP with the first data": Reach(
        code="socket.socket().sendto(b'x', 0x20000000, TCP)"
    ),
    "connect by multipath TCP": Reach(
        code="s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\ns.settimeout(2)\n"
        "s.connect(TCP)"
    ),
    "serve other machines": Reach(
        code="assert [n for _, n in socket.if_nameindex() if n != 'lo']", control="nobody"
    ),
    "connect to the socket of another submission": Reach(
        code="socket.socket(socket.AF_UNIX).connect(SIBLING_SOCKET)"
    ),
    "connect through a link to a socket": Reach(
        code="os.symlink(PATH_SOCKET, 'door')\nsocket.socket(socket.AF_UNIX).connect('door')"
    ),
    "connect through the root of its own process": Reach(
        code="socket.socket(socket.AF_UNIX).connect('/proc/self/root' + PATH_SOCKET)"
    ),
    "connect to the kernel of another submission": Reach(
        code="import glob\nworkspace = os.path.dirname(os.path.dirname(os.environ['HOME']))\n"
        "guessed = [f'{workspace}/run-{n}/{name}-{k}' for n in range(200) for k in (1, 2, 3) "
        "for name in ('ipc/k', 'c')]\n"
        "own = os.path.dirname(os.environ['HOME'])\n"
        "for path in guessed:\n"
        "    try:\n"
        "        if not path.startswith(own + '/'): "
        "socket.socket(socket.AF_UNIX).connect(path); break\n"
        "    except OSError as error: last = error\n"
        "else: raise last"
    ),
    "read where the sockets of others are": Reach(
        code="assert PATH_SOCKET in open('/proc/net/unix').read()"
    ),
    "read it by way of a thread": Reach(
        code="import glob\n"
        "assert PATH_SOCKET in open(glob.glob('/proc/self/task/*/net/unix')[0]).read()"
    ),
    "ask the system where the sockets of others are": Reach(
        code="import struct\nask = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)\n"
        "ask.settimeout(2)\n"
        "ask.send(struct.pack('=IHHIIBBHIIIII', 40, 20, 0x301, 0, 0, 1, 0, 0, 0xffffffff, 0, 1, "
        "0, 0))\n"
        "found = b''\n"
        "while struct.pack('=IH', 20, 3) not in found[-20:]: found += ask.recv(1 << 16)\n"
        "assert PATH_SOCKET.encode() in found"
    ),
    "send from one of a pair": Reach(
        code="a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "a.sendto(b'x', DATAGRAMS)"
    ),
    "open a raw socket": Reach(
        code="socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)", control="root"
    ),
    "open a packet socket": Reach(
        code="socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", control="root"
    ),
    "send a datagram to a UNIX socket": Reach(
        code="socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', DATAGRAMS)"
    ),
    "send a datagram to an abstract socket": Reach(
        code="socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', ABSTRACT_DATAGRAMS)"
    ),
    "talk to the kernel's crypto": Reach(
        code="socket.socket(38, socket.SOCK_SEQPACKET)", control="nobody"
    ),
}

PROCESSES = {
    "signal the supervisor": Reach(
        code="try: same = b'python' in open(f'/proc/{SUPERVISOR}/cmdline', 'rb').read()\n"
        "except PermissionError: same = True\n"
        "assert same\nos.kill(SUPERVISOR, 0)"
    ),
    "signal whoever watches over it": Reach(
        code="assert os.getppid() > 1\nos.kill(os.getppid(), 0)"
    ),
    "hold another process": Reach(
        code="assert b'operator' in open(f'/proc/{VICTIM}/cmdline', 'rb').read()\n"
        "os.pidfd_open(VICTIM)"
    ),
    "see that another process runs": Reach(
        code="import glob\nassert f'/proc/{VICTIM}' in glob.glob('/proc/[0-9]*')"
    ),
    "slow another process down": Reach(code="os.setpriority(os.PRIO_PROCESS, VICTIM, 5)"),
    "move another process to another core": Reach(
        code="cores = os.sched_getaffinity(VICTIM)\n"
        "os.sched_setaffinity(VICTIM, {min(cores)})\n"
        "assert os.sched_getaffinity(VICTIM) == {min(cores)} != cores\n"
        "os.sched_setaffinity(VICTIM, cores)"
    ),
    "trace another process": Reach(
        code=LIBC + "assert libc.ptrace(16, VICTIM, 0, 0) == 0\n"
        "os.waitpid(VICTIM, 0x40000000); libc.ptrace(17, VICTIM, 0, 0)",
        control="root",
    ),
    "read the memory of another process": Reach(
        code="assert open(f'/proc/{VICTIM}/mem', 'rb') and open(f'/proc/{VICTIM}/maps').read(9)",
        control="root",
    ),
    "list the threads of the machine": Reach(code="assert os.path.exists(f'/proc/{SUPERVISOR}')"),
}

PRIVILEGES = {
    "become another user": Reach(code="os.setuid(12345)", control="nobody"),
    "gain privileges by a program": Reach(
        code="assert 'NoNewPrivs:\\t0' in open('/proc/self/status').read()", control="nobody"
    ),
    "change the root folder": Reach(code="os.chroot('/tmp')", control="nobody"),
    "rename the machine": Reach(code="socket.sethostname(socket.gethostname())", control="nobody"),
    "make a device": Reach(
        code="os.mknod('/tmp/memory', 0o020600, os.makedev(1, 1))", control="nobody"
    ),
    "enter the namespaces of process 1": Reach(
        code=LIBC + "assert libc.setns(os.open('/proc/1/ns/mnt', os.O_RDONLY), 0) == 0",
        control="nobody",
    ),
    "make a mount namespace": Reach(
        code=LIBC + "assert libc.unshare(0x20000) == 0", control="nobody"
    ),
    "open a mount that was covered": Reach(
        code=LIBC + "assert libc.umount2(b'/home/student', 2) == 0", control="nobody"
    ),
    "load a program into the kernel": Reach(
        code=LIBC + "assert libc.syscall(321, 0, bytes(64), 64) >= 0", control="nobody"
    ),
    "count what the processor does": Reach(
        code=LIBC + "assert libc.syscall(298, bytes(128), 0, -1, -1, 0) >= 0", control="nobody"
    ),
    "handle page faults itself": Reach(
        code=LIBC + "assert libc.syscall(323, 0) >= 0", control="nobody"
    ),
    "call by the numbers of another architecture": Reach(
        code=LIBC + "assert libc.syscall(0x40000000 + 39) > 0", control="nobody"
    ),
    "keep memory nobody counts": Reach(
        code=LIBC + "assert libc.shmget(0, 1 << 12, 0o1600) >= 0", control="nobody"
    ),
    "have more descriptors": Reach(
        code="resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 19, 1 << 19))", control="nobody"
    ),
    "have more processor time": Reach(
        code="resource.setrlimit(resource.RLIMIT_CPU, (1 << 30, 1 << 30))", control="nobody"
    ),
    "leave a core file": Reach(
        code="resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))", control="nobody"
    ),
}

ALL = {**FILES, **NETWORK, **PROCESSES, **PRIVILEGES}
