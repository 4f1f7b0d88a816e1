"""How much memory a process may still take."""

from __future__ import annotations

from pathlib import Path

try:
    import resource
except ImportError:  # Windows, which has no such limits
    resource = None

__all__ = ["free_bytes"]

_LIMITS = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))


def free_bytes(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What the machine has free, and less where the process is limited (`ulimit`, a container); None where unknown."""
    known = [
        each
        for each in (_of_machine(proc), *(_of_group(groups, *names) for names in _LIMITS), *_of_process(proc))
        if each
    ]
    return min(known, default=None)


def _of_machine(proc: Path) -> int | None:
    return _field(proc / "meminfo", "MemAvailable:")


def _of_group(groups: Path, limit: str, used: str) -> int | None:
    """What a container has left; pages of files that the system would drop count as taken."""
    try:
        return max(int((groups / limit).read_text()) - int((groups / used).read_text()), 0)
    except (OSError, ValueError):
        return None


def _of_process(proc: Path) -> list[int]:
    if resource is None:
        return []
    kinds = ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:"))
    limits = [(resource.getrlimit(kind)[0], _field(proc / "self" / "status", used)) for kind, used in kinds]
    return [max(limit - (used or 0), 0) for limit, used in limits if limit != resource.RLIM_INFINITY]


def _field(path: Path, name: str) -> int | None:
    try:
        line = next(line for line in path.read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024
    except (OSError, ValueError, StopIteration, IndexError):
        return None
