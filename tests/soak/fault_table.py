# SPDX-License-Identifier: Apache-2.0
"""Which system calls are made to fail, and with what.

Of ENOMEM, EAGAIN, EMFILE, ENOSPC, EIO and EINTR each call gets those that its manual page, or the
kernel's source, lets it fail with. EAGAIN of read, write and accept4 is what a descriptor without O_NONBLOCK never
gives; the others of a loop have it all the time.
"""

MEMORY_OR_DISK = ("ENOMEM", "EIO")
DESCRIPTOR = ("EMFILE", "ENOMEM")

ERRORS = {
    "accept4": ("EMFILE", "ENOMEM", "EAGAIN", "EINTR"),
    "access": MEMORY_OR_DISK,
    "bind": ("ENOMEM", "ENOSPC", "EIO"),
    "brk": ("ENOMEM",),
    "chdir": MEMORY_OR_DISK,
    "chmod": MEMORY_OR_DISK,
    "clone": ("EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM"),
    "epoll_create1": DESCRIPTOR,
    "epoll_ctl": ("ENOMEM", "ENOSPC"),
    "epoll_pwait": ("EINTR",),
    "epoll_wait": ("EINTR",),
    "eventfd2": DESCRIPTOR,
    "faccessat2": MEMORY_OR_DISK,
    "fchdir": MEMORY_OR_DISK,
    "fchmod": ("EIO", "EINTR", "ENOMEM"),
    "fchmodat": ("EIO", "EINTR", "ENOMEM"),
    "fchown": ("EIO", "EINTR", "ENOMEM"),
    "fcntl": ("EMFILE", "ENOMEM", "EINTR"),
    "fdatasync": ("EIO", "ENOSPC", "EINTR"),
    "flock": ("EINTR", "ENOMEM"),
    "fork": ("EAGAIN", "ENOMEM"),
    "fstat": MEMORY_OR_DISK,
    "fsync": ("EIO", "ENOSPC", "EINTR"),
    "ftruncate": ("EIO", "EINTR", "ENOSPC"),
    "getcwd": ("ENOMEM",),
    "getdents64": MEMORY_OR_DISK,
    "getrandom": ("EAGAIN", "EINTR"),
    "ioctl": ("ENOMEM", "EIO", "EINTR"),
    "link": ("EIO", "ENOSPC", "ENOMEM"),
    "listen": ("ENOMEM",),
    "lstat": MEMORY_OR_DISK,
    "madvise": ("ENOMEM", "EAGAIN", "EIO"),
    "memfd_create": DESCRIPTOR,
    "mkdir": ("ENOSPC", "EIO", "ENOMEM"),
    "mmap": ("ENOMEM", "EAGAIN"),
    "mprotect": ("ENOMEM",),
    "mremap": ("ENOMEM", "EAGAIN"),
    "munmap": ("ENOMEM",),
    "newfstatat": MEMORY_OR_DISK,
    "open": ("EMFILE", "ENOMEM", "ENOSPC", "EIO", "EINTR"),
    "openat": ("EMFILE", "ENOMEM", "ENOSPC", "EIO", "EINTR"),
    "pidfd_open": DESCRIPTOR,
    "pipe2": DESCRIPTOR,
    "poll": ("EINTR", "ENOMEM"),
    "pread64": ("EIO", "EINTR", "ENOMEM"),
    "pwrite64": ("EIO", "EINTR", "ENOSPC"),
    "read": ("EIO", "EINTR", "EAGAIN"),
    "readlink": MEMORY_OR_DISK,
    "readlinkat": MEMORY_OR_DISK,
    "readv": ("EIO", "EINTR", "EAGAIN"),
    "rename": ("EIO", "ENOSPC", "ENOMEM"),
    "renameat": ("EIO", "ENOSPC", "ENOMEM"),
    "renameat2": ("EIO", "ENOSPC", "ENOMEM"),
    "signalfd4": DESCRIPTOR,
    "socket": DESCRIPTOR,
    "socketpair": DESCRIPTOR,
    "stat": MEMORY_OR_DISK,
    "statx": MEMORY_OR_DISK,
    "symlink": ("EIO", "ENOSPC", "ENOMEM"),
    "unlink": MEMORY_OR_DISK,
    "unlinkat": MEMORY_OR_DISK,
    "vfork": ("EAGAIN", "ENOMEM"),
    "wait4": ("EINTR",),
    "waitid": ("EINTR",),
    "write": ("EIO", "ENOSPC", "EINTR", "EAGAIN"),
    "writev": ("EIO", "ENOSPC", "EINTR", "EAGAIN"),
}

CANNOT_FAIL = "has no error of these six: its arguments are right, or it has none"
NOT_EXECUTED = ("the tracer makes it fail by not executing it, so what it was to do would stay undone, while "
                "the kernel's own fails with it done")
LIBRARY = "the C library's, before main; it can only give up"

# Every other call of a start stands here, so that a new one is noticed.
LEFT_OUT = {
    "arch_prctl": LIBRARY,
    "clock_getres": CANNOT_FAIL,
    "close": NOT_EXECUTED + ": on Linux a descriptor is closed whatever close(2) returns",
    "execveat": "of kaigara itself: then there is no kaigara",
    "exit_group": "never returns",
    "futex": CANNOT_FAIL + " where there is one thread",
    "getegid": CANNOT_FAIL,
    "geteuid": CANNOT_FAIL,
    "getgid": CANNOT_FAIL,
    "getpid": CANNOT_FAIL,
    "getppid": CANNOT_FAIL,
    "getuid": CANNOT_FAIL,
    "kill": CANNOT_FAIL,
    "lseek": CANNOT_FAIL,
    "prctl": CANNOT_FAIL,
    "prlimit64": CANNOT_FAIL,
    "rseq": LIBRARY,
    "rt_sigaction": CANNOT_FAIL,
    "rt_sigprocmask": CANNOT_FAIL,
    "rt_sigreturn": "no call of a program",
    "rt_sigtimedwait": "of the gate, which waits for the tracer",
    "set_robust_list": LIBRARY,
    "set_tid_address": LIBRARY,
    "setpgid": CANNOT_FAIL,
    "setsockopt": CANNOT_FAIL,
    "sysinfo": CANNOT_FAIL,
    "umask": CANNOT_FAIL,
    "uname": CANNOT_FAIL,
}

# What comes before this call of kaigara is the C library's, see LIBRARY.
FIRST_OF_MAIN = r"rt_sigaction\(SIGCHLD, "

# Single calls of the names in ERRORS that cannot fail with any of these, and why.
CANNOT_BE_MEANT = {
    r"epoll_ctl\(\d+, EPOLL_CTL_DEL": "to take out needs neither memory nor room",
    r"ioctl\(\d+, FIONBIO": "the kernel sets a bit",
    r"fcntl\(\d+, F_GETFD": "the kernel reads a bit",
    r'write\(\d+, "\*", 1\)': "libuv's first byte in its own empty pipe, which has room",
}

# Calls between fork and execve, by the kind of child: how often it makes each. setsid, setpgid and
# the calls for signals have none of the errors.
OF_A_CHILD = {
    "check": {"dup2": 3, "close_range": 1, "execve": 1},
    "operation": {"dup2": 4, "close_range": 2, "execve": 1},
    "application": {"fchdir": 1, "execve": 1},
}
ERRORS_OF_A_CHILD = {
    "close_range": ("ENOMEM", "EMFILE"),
    "dup2": ("EINTR", "EMFILE"),
    "execve": ("ENOMEM", "EAGAIN", "EMFILE", "EIO"),
    "fchdir": ("ENOMEM", "EIO"),
}

# Statuses that the contract gives to errors, section 7.
OF_ERRORS = {64, 65, 69, 70, 73, 74, 75, 78, 80, 81, 126, 127}
