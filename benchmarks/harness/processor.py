"""Processor time of this process and of those that it started."""

import resource


def processor_seconds() -> float:
    """User and system time up to now; that of processes counts once they have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
